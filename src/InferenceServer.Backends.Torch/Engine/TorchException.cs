namespace InferenceServer.Backends.Torch.Engine;

/// <summary>libtorch has refused or failed; the message is its own, with all that <see cref="TorchMessage"/> takes out.</summary>
internal sealed class TorchException(string message) : Exception(message);
