using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Growth;

/// <summary>One point of what grows.</summary>
/// <param name="Models">The models that are asked in turn.</param>
/// <param name="Encoding">How.</param>
/// <param name="Rows">The leading dimension of their inputs.</param>
/// <param name="Connections">How many connections ask.</param>
internal sealed record GrowthPoint(IReadOnlyList<string> Models, WireEncoding Encoding, int Rows, int Connections)
{
    /// <summary>Its models, in a table.</summary>
    public string Title => Models.Count == 1 ? Models[0] : FormattableString.Invariant($"{Models.Count} models");
}
