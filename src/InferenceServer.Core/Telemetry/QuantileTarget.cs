namespace InferenceServer.Core.Telemetry;

/// <summary>A quantile that is to be estimated.</summary>
/// <param name="Quantile">Which one, from 0 to 1.</param>
/// <param name="Error">By how much, as a quantile, the estimate may be off: 0.01 lets the 0.9 quantile be anything from 0.89 to 0.91.</param>
public readonly record struct QuantileTarget(double Quantile, double Error);
