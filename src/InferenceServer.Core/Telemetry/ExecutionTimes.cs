namespace InferenceServer.Core.Telemetry;

/// <summary>How long the parts of one execution took.</summary>
/// <param name="Input">Putting the inputs together.</param>
/// <param name="Infer">Running the model.</param>
/// <param name="Output">Cutting the outputs into answers.</param>
public readonly record struct ExecutionTimes(TimeSpan Input, TimeSpan Infer, TimeSpan Output);
