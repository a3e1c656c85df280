using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.TestKit.Batches;

namespace InferenceServer.Backends.TestKit.Contract;

/// <summary>A model whose first and third executions succeed and whose second throws.</summary>
/// <param name="Model">The model.</param>
/// <param name="Good">Inputs for the first and the third execution.</param>
/// <param name="Bad">Inputs for the second.</param>
public sealed record FailingModel(IBackendModel Model, IReadOnlyCollection<TestTensor> Good, IReadOnlyCollection<TestTensor> Bad);
