namespace InferenceServer.Protocols.KServe.Classification;

/// <summary>An output that a request wants as its best classes.</summary>
/// <param name="Output">The output's name.</param>
/// <param name="Count">How many classes; above 0, and perhaps above the number that there are.</param>
internal readonly record struct RequestedClasses(string Output, int Count);
