namespace InferenceServer.Backends.Torch.Engine;

/// <summary>A model in the engine, on one device. Calls from several threads at once are fine, as far as the model does not change itself.</summary>
internal interface IModule : IDisposable
{
    /// <summary>Calls a method.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="arguments">Tensors on the module's device; null for none.</param>
    /// <returns>A tensor, a list or a tuple of tensors and nulls; what it holds belongs to the caller.</returns>
    object? Call(string method, object?[] arguments);
}
