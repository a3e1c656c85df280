using System.Collections.Immutable;
using System.IO.Abstractions;
using System.Security.Cryptography;

namespace InferenceServer.Host.Following;

/// <summary>What some files had in them at one moment.</summary>
/// <param name="Digest">Another text for every other content, and for every problem.</param>
/// <param name="Contents">The contents, in the order of the paths; empty when one could not be read.</param>
/// <param name="Problem">Why one could not be read; null when all were.</param>
internal sealed record FileSnapshot(string Digest, ImmutableArray<byte[]> Contents, string? Problem)
{
    /// <summary>Certificates, keys and lists of callers are small; what is longer is something else.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>Reads the files. Links are followed at every reading, so that a mounted secret that is swapped as a whole is seen.</summary>
    public static FileSnapshot Read(IFileSystem files, IEnumerable<string> paths)
    {
        var contents = ImmutableArray.CreateBuilder<byte[]>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            try
            {
                if (files.FileInfo.New(path).Length > MaxBytes)
                {
                    return Failed($"'{path}' has more than {MaxBytes} bytes");
                }

                var content = files.File.ReadAllBytes(path);
                hash.AppendData(BitConverter.GetBytes(content.Length));
                hash.AppendData(content);
                contents.Add(content);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
            {
                return Failed($"'{path}' cannot be read ({exception.GetType().Name})");
            }
        }

        return new FileSnapshot(Convert.ToHexString(hash.GetHashAndReset()), contents.ToImmutable(), null);

        static FileSnapshot Failed(string problem) => new("problem: " + problem, [], problem);
    }
}
