using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Caching;

/// <summary>
/// The memory of one kept answer, exactly as long as it has to be: a cache that is bounded by bytes must not hold on to more of them than it counts. It goes back to the system
/// with the last reader.
/// </summary>
internal sealed class AnswerBuffer : TensorBuffer
{
    /// <summary>Where tensors may begin.</summary>
    public const int Alignment = 64;

    private AnswerBuffer(nint memory, long length)
        : base(memory, length)
    {
    }

    /// <summary>Takes memory from the system; null when it has none.</summary>
    public static unsafe AnswerBuffer? TryAllocate(long length)
    {
        try
        {
            return new AnswerBuffer((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, length), Alignment), length);
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    protected override unsafe void Free() => NativeMemory.AlignedFree((void*)Pointer);
}
