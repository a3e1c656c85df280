namespace InferenceServer.Core.Telemetry;

/// <summary>The executions of one batch size.</summary>
/// <param name="BatchSize">The rows of each.</param>
/// <param name="ComputeInput">Putting the inputs together; the count is that of the executions, as in the two below.</param>
/// <param name="ComputeInfer">Running the model.</param>
/// <param name="ComputeOutput">Cutting the outputs into answers.</param>
public sealed record BatchSizeReport(int BatchSize, CountedDuration ComputeInput, CountedDuration ComputeInfer, CountedDuration ComputeOutput);
