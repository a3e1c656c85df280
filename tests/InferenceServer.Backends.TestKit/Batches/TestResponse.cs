using InferenceServer.Abstractions.Models;

namespace InferenceServer.Backends.TestKit.Batches;

/// <summary>One response that a decoupled model has sent: copies of its outputs, its parameters, and whether it is the last.</summary>
public sealed record TestResponse(IReadOnlyList<TestTensor> Outputs, IReadOnlyDictionary<string, ParameterValue> Parameters, bool IsFinal);
