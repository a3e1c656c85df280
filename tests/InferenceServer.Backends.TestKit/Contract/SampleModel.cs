using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.TestKit.Batches;

namespace InferenceServer.Backends.TestKit.Contract;

/// <summary>A model that batches, and rows for it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Inputs">Its inputs, of several rows that differ.</param>
public sealed record SampleModel(IBackendModel Model, IReadOnlyList<TestTensor> Inputs);
