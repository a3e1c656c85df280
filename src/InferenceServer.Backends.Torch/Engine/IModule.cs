using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>A model in the engine, on one device. Calls from several threads at once are fine, as far as the model does not change itself.</summary>
internal interface IModule : IDisposable
{
    /// <summary>Calls a method.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="arguments">Tensors on the module's device; null for none.</param>
    /// <returns>The tensor, or those of the list or tuple, that it gives; null for each that is nothing. They belong to the caller.</returns>
    /// <exception cref="TorchException">The model failed; the message is libtorch's own.</exception>
    Tensor?[] Call(string method, ReadOnlySpan<Tensor?> arguments);
}
