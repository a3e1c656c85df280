namespace InferenceServer.FunctionalTests.Soak;

/// <summary>What attempts have in common that are counted together.</summary>
/// <param name="Way">Where the server counts them.</param>
/// <param name="Model">What they asked for.</param>
/// <param name="End">How they ended.</param>
/// <param name="Code">The code that they were answered with, as the server's counters call it; empty when the client left.</param>
internal readonly record struct SoakEntry(SoakWay Way, string Model, SoakEnd End, string Code);
