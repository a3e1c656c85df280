using InferenceServer.Backends.Torch.Engine;

namespace InferenceServer.Backends.Torch;

/// <summary>What a model's configuration asks of the backend.</summary>
/// <param name="Method">The method that requests call.</param>
/// <param name="InferenceMode">True when tensors keep no record of how they came about, which is faster; otherwise they keep none for derivatives either, but may be changed by later calls.</param>
/// <param name="SharesWeights">Whether instances of one device use one copy of the model; null for whenever that is safe.</param>
/// <param name="Threads">What each calling thread sets.</param>
internal sealed record TorchSettings(string Method, bool InferenceMode, bool? SharesWeights, CallingThread Threads);
