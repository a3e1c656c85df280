using System.Text;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Mirrors;

/// <summary>
/// Decides which keys may become paths. Whoever may write to a bucket may call an object anything: what leads out of the model's folder, means something to a file system or
/// cannot be told in a log line is refused, and never made to fit.
/// </summary>
internal static class RemoteKeys
{
    /// <summary>The most bytes of one part of a key, as of a file's name.</summary>
    private const int MaxPartBytes = 255;

    /// <summary>The most characters of a key.</summary>
    private const int MaxLength = 1024;

    /// <summary>The model's folder, its version's, and those in it.</summary>
    private const int MaxParts = RepositoryScanner.MaxDepth + 3;

    /// <summary>Why a key cannot be the path of a file, as the end of a sentence that begins with the key; null when it can.</summary>
    public static string? FindProblem(string key)
    {
        if (key.Length > MaxLength)
        {
            return $"has {key.Length} characters, expected at most {MaxLength}";
        }

        var parts = key.Split('/');
        return parts.Length > MaxParts ? $"lies deeper than {RepositoryScanner.MaxDepth} folders"
            : Array.Exists(parts, static part => part is "" or "." or "..") ? "has an empty part, '.' or '..', expected the names of folders and of a file"
            : key.AsSpan().Contains('\\') ? "has a '\\', expected '/' between folders"
            : key.Any(static character => char.IsControl(character)) ? "has a control character"
            : Array.Exists(parts, static part => Encoding.UTF8.GetByteCount(part) > MaxPartBytes) ? $"has a part of more than {MaxPartBytes} bytes"
            : null;
    }

    /// <summary>The key as a message can show it: of bounded length, without what would change a line.</summary>
    public static string Show(string key)
    {
        var shown = key.Length > 100 ? key[..100] + "…" : key;
        return string.Concat(shown.Select(static character => char.IsControl(character) || char.IsSurrogate(character) ? '?' : character));
    }
}
