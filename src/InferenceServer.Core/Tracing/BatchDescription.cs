namespace InferenceServer.Core.Tracing;

/// <summary>What the span of an execution tells of it.</summary>
/// <param name="ModelName">The model.</param>
/// <param name="ModelVersion">The version.</param>
/// <param name="Rows">The rows of all its requests.</param>
/// <param name="Requests">How many requests shared it.</param>
/// <param name="Reason">Why it was released with the rows that it had.</param>
/// <param name="Instance">Where it ran.</param>
internal sealed record BatchDescription(string ModelName, long ModelVersion, int Rows, int Requests, string Reason, string Instance);
