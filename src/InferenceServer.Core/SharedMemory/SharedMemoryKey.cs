using System.Text;

namespace InferenceServer.Core.SharedMemory;

/// <summary>What a client may call an object of the system.</summary>
internal static class SharedMemoryKey
{
    /// <summary>The longest name that the system knows, in bytes, without the slash.</summary>
    public const int MaxLength = 255;

    /// <summary>Objects of this name belong to Triton's backend for Python: each model's private memory.</summary>
    private const string ReservedPrefix = "triton_python_backend_shm_region_";

    /// <returns>Which rule the key breaks, or null.</returns>
    public static string? Check(string key)
    {
        var name = key.AsSpan(key.StartsWith('/') ? 1 : 0);
        return name.IsEmpty || name.IndexOfAnyExcept('/') < 0 ? "expected a name, got none"
            : name.Contains('/') ? "expected no slash but one at the beginning"
            : name.Contains('\0') ? "expected no character of the code 0"
            : name is "." or ".." ? "expected the name of an object"
            : Encoding.UTF8.GetByteCount(name) > MaxLength ? $"expected at most {MaxLength} bytes"
            : name.StartsWith(ReservedPrefix, StringComparison.Ordinal) ? $"names that start with '{ReservedPrefix}' are reserved"
            : null;
    }
}
