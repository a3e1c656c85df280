using InferenceServer.Abstractions.Models;

namespace InferenceServer.Abstractions.Backends;

/// <summary>What a backend may know of one request in an execution. Valid until <see cref="IModelInstance.Execute"/> returns.</summary>
/// <param name="Id">The client's id; empty when it gave none.</param>
/// <param name="FirstRow">Where the request's rows begin in the batch dimension.</param>
/// <param name="Rows">The request's rows; 1 for a model that does not batch.</param>
/// <param name="Parameters">The request's parameters, by name: those of the protocol, such as <c>sequence_id</c>, and the client's own.</param>
public readonly record struct ExecutionRequest(string Id, int FirstRow, int Rows, IReadOnlyDictionary<string, ParameterValue> Parameters);
