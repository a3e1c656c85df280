using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace InferenceServer.Bench.Commands;

/// <summary>Reads the authorities that are trusted.</summary>
internal static class TrustReader
{
    /// <returns>Null when none are given, or when they cannot be read, of which there is an error then.</returns>
    public static X509Certificate2Collection? Read(IFileSystem files, string? path, List<string> errors)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(files.File.ReadAllText(path));
            if (authorities.Count > 0)
            {
                return authorities;
            }

            errors.Add($"--ca: '{path}' has no certificate in PEM form");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            errors.Add($"--ca: '{path}' cannot be read: {e.Message}");
        }

        return null;
    }
}
