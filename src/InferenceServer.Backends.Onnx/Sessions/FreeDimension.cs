using System.Globalization;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>A size for a dimension that the model leaves free, which lets the engine work out more before the first run.</summary>
/// <param name="Name">The dimension's symbol in the graph, or what it stands for there.</param>
/// <param name="IsDenotation">True when the name is what the dimension stands for, such as <c>DATA_BATCH</c>.</param>
/// <param name="Size">The size.</param>
internal readonly record struct FreeDimension(string Name, bool IsDenotation, int Size)
{
    public const string NamePrefix = "free_dimension.";
    public const string DenotationPrefix = "free_dimension_denotation.";

    /// <summary>Reads all that the parameters give.</summary>
    public static IReadOnlyList<FreeDimension> Read(SettingValues model, IReadOnlyDictionary<string, string> parameters)
    {
        var dimensions = new List<FreeDimension>();
        foreach (var key in parameters.Keys.Order(StringComparer.Ordinal))
        {
            var prefix = key.StartsWith(NamePrefix, StringComparison.Ordinal) ? NamePrefix : key.StartsWith(DenotationPrefix, StringComparison.Ordinal) ? DenotationPrefix : null;
            if (prefix is null || model.Text(key) is not { } text)
            {
                continue;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 && key.Length > prefix.Length)
            {
                dimensions.Add(new FreeDimension(key[prefix.Length..], prefix == DenotationPrefix, size));
            }
            else
            {
                model.Errors.Add($"parameter '{key}': expected the name of a dimension and a whole number from 1, got '{text}'");
            }
        }

        return dimensions;
    }
}
