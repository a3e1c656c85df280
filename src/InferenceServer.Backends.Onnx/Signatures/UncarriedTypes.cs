using System.Globalization;

namespace InferenceServer.Backends.Onnx.Signatures;

/// <summary>
/// Names the element types that the engine runs and its managed interface does not know. That interface gives up on a model whose
/// inputs or outputs have one, with no more than the type's number in its message.
/// </summary>
internal static class UncarriedTypes
{
    private const string Marker = "Unregistered TensorElementType value of: ";

    /// <summary>The first such type, which the managed interface takes for the end of its list.</summary>
    private const int First = 17;
    private const string FirstName = "DataTypeMax";

    private static readonly string[] s_names =
        ["FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4", "INT4", "FLOAT4E2M1", "UINT2", "INT2", "FLOAT8E8M0"];

    /// <summary>The type that the message is about, or null when it is about something else.</summary>
    public static string? FindIn(string message)
    {
        var at = message.IndexOf(Marker, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var value = message.AsSpan(at + Marker.Length).Trim();
        if (value.SequenceEqual(FirstName))
        {
            return s_names[0];
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number - First is >= 0 and var index && index < s_names.Length
            ? s_names[index]
            : $"number {value}";
    }
}
