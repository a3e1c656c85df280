namespace InferenceServer.Backends.Torch.Engine;

/// <summary>A value as TorchSharp's native library passes it (<c>TensorOrScalar</c>): 24 bytes.</summary>
/// <param name="Kind">What it is: see <see cref="NativeModule"/>.</param>
/// <param name="ArrayIndex">Of no use here.</param>
/// <param name="Handle">A <c>torch::Tensor*</c>, or 0.</param>
internal readonly record struct NativeValue(long Kind, long ArrayIndex, nint Handle);
