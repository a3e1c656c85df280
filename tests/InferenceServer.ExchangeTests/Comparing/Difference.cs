using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>One thing of an answer that is not as recorded.</summary>
/// <param name="Where">A path in the answer, or a word for the part.</param>
/// <param name="Expected">What was recorded.</param>
/// <param name="Actual">What came.</param>
internal sealed record Difference(string Where, string Expected, string Actual)
{
    private const int MaxLength = 300;

    /// <summary>What stands where nothing is.</summary>
    public const string Absent = "<absent>";

    public static Difference Of(string where, object? expected, object? actual) => new(where, Show(expected), Show(actual));

    public override string ToString() => $"{Where}: expected {Short(Expected)}, got {Short(Actual)}";

    private static string Show(object? value) => value is string text ? text : JsonText.Write(value);

    private static string Short(string text) => text.Length <= MaxLength ? text : text[..MaxLength] + "...";
}
