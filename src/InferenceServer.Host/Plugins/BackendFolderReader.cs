using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Plugins;

/// <summary>Finds the backends in a directory: each is a folder with its own assemblies and native libraries, and a <c>backend.json</c>. Nothing of them is loaded.</summary>
/// <param name="files">The file system.</param>
/// <param name="builtIn">The backends that the server has anyway.</param>
/// <param name="loadsCode">False when this program cannot run what is in them: their models are recognised, and told so.</param>
internal sealed class BackendFolderReader(IFileSystem files, IReadOnlyList<BackendDescriptor> builtIn, bool loadsCode)
{
    /// <summary>The folders, by name; none when the directory does not exist. Those whose names begin with a dot do not count.</summary>
    public ImmutableArray<BackendFolder> Read(string directory)
    {
        if (!files.Directory.Exists(directory))
        {
            return [];
        }

        var found = new List<BackendFolder>();
        foreach (var path in files.Directory.GetDirectories(files.Path.GetFullPath(directory)).Order(StringComparer.Ordinal))
        {
            var name = files.Path.GetFileName(path);
            if (name.StartsWith('.'))
            {
                continue;
            }

            if (builtIn.Any(known => known.Name == name))
            {
                found.Add(new BackendFolder(path, name, null, "the server has one of that name built in, which serves them") { IsShadowed = true });
                continue;
            }

            var (manifest, problem) = ReadManifest(path, name);
            if (manifest?.Descriptor.Platform is { } platform && builtIn.Concat(found.Select(static one => one.Descriptor)).FirstOrDefault(known => known.Platform == platform) is { } taken)
            {
                (manifest, problem) = (null, $"{BackendManifest.FileName}: the platform '{platform}' is that of backend '{taken.Name}'");
            }

            found.Add(new BackendFolder(path, name, manifest, problem));
        }

        return [.. found];
    }

    private (BackendManifest? Manifest, string? Problem) ReadManifest(string folder, string name)
    {
        var path = files.Path.Combine(folder, BackendManifest.FileName);
        try
        {
            if (!files.File.Exists(path))
            {
                return (null, $"it has no {BackendManifest.FileName}");
            }

            if (files.FileInfo.New(path).Length > BackendManifestReader.MaxLength)
            {
                return (null, FormattableString.Invariant($"{BackendManifest.FileName} has more than {BackendManifestReader.MaxLength} bytes"));
            }

            if (!BackendManifestReader.TryRead(files.File.ReadAllBytes(path), out var manifest, out var problem))
            {
                return (null, $"{BackendManifest.FileName}: {problem}");
            }

            return manifest.Descriptor.Name != name
                ? (null, $"{BackendManifest.FileName}: the field 'name' must be that of the folder, '{name}', got '{manifest.Descriptor.Name}'")
                : files.File.Exists(files.Path.Combine(folder, manifest.Assembly))
                    ? (manifest, loadsCode ? null : BackendCode.NativeProblem)
                    : (null, $"{BackendManifest.FileName}: the field 'assembly' names '{manifest.Assembly}', which is not in the folder");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, $"{BackendManifest.FileName} cannot be read: {exception.Message}");
        }
    }
}
