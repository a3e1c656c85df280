namespace InferenceServer.FunctionalTests.Configuration;

/// <summary>A broken configuration file: where its first mistake is and what it must be told.</summary>
internal sealed record BrokenConfiguration(string Model, string Text, string Place, params string[] Words);
