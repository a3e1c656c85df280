namespace InferenceServer.FunctionalTests.Conformance;

/// <summary>What the engine gives for a case.</summary>
/// <param name="Inputs">What it was given.</param>
/// <param name="Outputs">What it gave; null for what is no tensor and no sequence of tensors of one shape.</param>
/// <param name="IsSteady">True when it gives the same every time: models with random numbers do not.</param>
internal sealed record ConformanceRun(NamedTensor[] Inputs, NamedTensor?[] Outputs, bool IsSteady);
