using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.TestKit.Memory;

/// <summary>Gives each tensor memory of its own, filled with rubbish, and counts the living ones.</summary>
public sealed class NativeTensorAllocator : ITensorAllocator
{
    private int _living;

    /// <summary>Buffers that were rented and are not yet free.</summary>
    public int Living => Volatile.Read(ref _living);

    public TensorBuffer Rent(long length) => Rent(length, 0);

    /// <summary>A buffer whose first byte lies <paramref name="misalignment"/> bytes past an aligned address.</summary>
    public TensorBuffer Rent(long length, int misalignment)
    {
        Interlocked.Increment(ref _living);
        return new NativeTensorBuffer(length, misalignment, () => Interlocked.Decrement(ref _living));
    }
}
