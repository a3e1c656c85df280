using System.Collections.Frozen;

namespace InferenceServer.Core.Configuration;

/// <summary>
/// Where each field of a configuration was written, and whether it was written at all, which the message itself cannot tell from a
/// default value. Paths read <c>input[0].dims[1]</c>; an entry of a map reads <c>parameters["key"]</c>.
/// </summary>
public sealed class ConfigPositions
{
    private readonly FrozenDictionary<string, ConfigPosition> _positions;

    internal ConfigPositions(IReadOnlyDictionary<string, ConfigPosition> positions) =>
        _positions = positions.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>No field was written.</summary>
    public static ConfigPositions Empty { get; } = new(new Dictionary<string, ConfigPosition>());

    /// <summary>True when the file names the field at <paramref name="path"/>, with whatever value.</summary>
    public bool WasWritten(string path) => _positions.ContainsKey(path);

    /// <summary>
    /// The place of the field at <paramref name="path"/>; when it was not written, that of the nearest block around it, and when there is
    /// none, the file as a whole.
    /// </summary>
    public ConfigPosition Find(string path)
    {
        for (var remaining = path; remaining.Length > 0; remaining = Enclosing(remaining))
        {
            if (_positions.TryGetValue(remaining, out var position))
            {
                return position;
            }
        }

        return default;
    }

    private static string Enclosing(string path)
    {
        // A quoted map key may itself hold dots and brackets.
        var end = path[^1] == ']' && path.Length > 1 && path[^2] == '"'
            ? path.LastIndexOf("[\"", StringComparison.Ordinal)
            : path.LastIndexOfAny(['.', '[']);
        return end < 0 ? "" : path[..end];
    }
}
