namespace InferenceServer.Backends.Torch.Signatures;

/// <summary>A parameter of a method.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="HasDefault">True when a call may leave it out.</param>
internal sealed record TorchParameter(string Name, TorchType Type, bool HasDefault);
