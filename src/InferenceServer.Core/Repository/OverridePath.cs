using System.Text;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Checks the paths of files that come with a request. They are names below the model's own folder: nothing that begins elsewhere, goes up,
/// or means something else to another system.
/// </summary>
public static class OverridePath
{
    /// <summary>The most characters of a path.</summary>
    public const int MaxLength = 1024;

    /// <summary>The most folders and names in a path.</summary>
    public const int MaxDepth = 8;

    /// <summary>The most bytes that file systems give a name.</summary>
    private const int MaxNameBytes = 255;

    /// <summary>What is wrong with a path, as half a sentence; null when nothing is.</summary>
    public static string? FindProblem(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length is 0 or > MaxLength)
        {
            return $"expected 1 to {MaxLength} characters, got {path.Length}";
        }

        var segments = path.Split('/');
        return segments.Length > MaxDepth ? $"expected at most {MaxDepth} parts, got {segments.Length}"
            : segments is ["config.pbtxt" or "config.json"] ? "the configuration is given by the parameter 'config'"
            : Array.TrueForAll(segments, IsName) ? null
            : $"expected <version>/<file> below the model's folder, without '..', '\\', empty parts and names of more than {MaxNameBytes} bytes";
    }

    private static bool IsName(string segment) =>
        segment is not ("" or "." or "..") && Encoding.UTF8.GetByteCount(segment) <= MaxNameBytes && !segment.AsSpan().ContainsAny('\\', ':') && !segment.AsSpan().ContainsAnyInRange('\0', '\x1F');
}
