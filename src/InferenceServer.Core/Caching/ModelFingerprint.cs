using System.Collections.Immutable;
using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Text;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Caching;

/// <summary>
/// What stands for a version in the keys of a cache that several servers share: a digest of what its files hold, of the configuration that its answers depend on, and of the
/// server's version, the same on every server that has the same. Names, times and places of files on disk have no share in it.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="serverVersion">The version of this software: another one may have another engine, whose answers differ in their last bits.</param>
internal sealed class ModelFingerprint(IFileSystem files, string serverVersion)
{
    private const int ChunkSize = 1 << 18;

    /// <summary>The sizes and times of a version's files: as long as they stay, so does what the files hold.</summary>
    public string Witness(AspiredVersion version) => string.Join('\n', List(version).Select(file => FormattableString.Invariant($"{file.Name}|{file.Info.Length}|{file.Info.LastWriteTimeUtc.Ticks}")));

    /// <summary>Makes the digest.</summary>
    /// <param name="version">The version.</param>
    /// <param name="config">The configuration that it is served by.</param>
    /// <param name="backendSettings">What the server tells its backend.</param>
    /// <param name="cancellationToken">Signalled when the load is given up.</param>
    public async Task<ImmutableArray<byte>> ComputeAsync(AspiredVersion version, ModelConfig config, IReadOnlyDictionary<string, string> backendSettings, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, serverVersion, config.Name, FormattableString.Invariant($"{version.Number}"));
        AppendAll(hash, backendSettings);
        AppendAll(hash, config.Parameters);
        Append(hash, Convert.ToHexString(SHA256.HashData(Tuning.AnswersOf(config.Message))));
        var buffer = new byte[ChunkSize];
        foreach (var (name, info) in List(version))
        {
            Append(hash, name, FormattableString.Invariant($"{info.Length}"));
            var content = files.FileStream.New(info.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, useAsync: true);
            await using (content.ConfigureAwait(false))
            {
                for (int read; (read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
                {
                    hash.AppendData(buffer, 0, read);
                }
            }
        }

        return [.. hash.GetHashAndReset()];
    }

    private static void AppendAll(IncrementalHash hash, IReadOnlyDictionary<string, string> settings)
    {
        Append(hash, FormattableString.Invariant($"{settings.Count}"));
        foreach (var (key, value) in settings.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            Append(hash, key, value);
        }
    }

    private static void Append(IncrementalHash hash, params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }
    }

    private IEnumerable<(string Name, IFileInfo Info)> List(AspiredVersion version)
    {
        if (version.Folder.IsBareFile)
        {
            return [("", Target(version.Folder.Path))];
        }

        var root = version.Files.Path;
        return files.Directory.Exists(root)
            ? files.Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Select(path => (files.Path.GetRelativePath(root, path), Target(path)))
                .OrderBy(static file => file.Item1, StringComparer.Ordinal)
            : [];
    }

    private IFileInfo Target(string path)
    {
        var file = files.FileInfo.New(path);
        return file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is IFileInfo target ? target : file;
    }
}
