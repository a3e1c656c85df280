using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.SharedMemory;

/// <summary>The memory that a region is a part of: counted, and let go with the last count. Tensors are copied out of it and into it.</summary>
internal abstract class RegionMemory
{
    private int _count = 1;

    /// <summary>Adds an owner; false when the last one has gone already.</summary>
    public bool TryAcquire()
    {
        for (var count = Volatile.Read(ref _count); count > 0;)
        {
            var seen = Interlocked.CompareExchange(ref _count, count + 1, count);
            if (seen == count)
            {
                return true;
            }

            count = seen;
        }

        return false;
    }

    /// <summary>Takes one owner away; the last one lets the memory go.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            Close();
        }
    }

    /// <summary>Fills a buffer with what the memory holds from an offset on.</summary>
    /// <param name="region">The region's name, for errors.</param>
    /// <param name="offset">Where to begin, in bytes of the memory.</param>
    /// <param name="destination">The buffer.</param>
    /// <returns>Why the memory cannot be read, or null.</returns>
    public abstract InferenceError? Read(string region, long offset, TensorBuffer destination);

    /// <summary>Puts a tensor's bytes into the memory from an offset on.</summary>
    /// <param name="region">The region's name, for errors.</param>
    /// <param name="offset">Where to begin, in bytes of the memory.</param>
    /// <param name="source">The tensor.</param>
    /// <returns>Why the memory cannot be written, or null.</returns>
    public abstract InferenceError? Write(string region, long offset, in TensorView source);

    /// <summary>Lets the memory go; called once.</summary>
    protected abstract void Close();
}
