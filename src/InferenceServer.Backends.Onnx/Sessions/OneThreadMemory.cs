namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>How much the weights of all <see cref="OneThreadSession"/>s of the process may take together. Thread safe.</summary>
internal sealed class OneThreadMemory
{
    private long _taken;

    /// <summary>What is taken, in bytes.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Takes so much, if there is that much left; <see cref="Return"/> gives it back.</summary>
    /// <param name="bytes">How much.</param>
    /// <param name="maxBytes">How much may be taken together.</param>
    public bool TryTake(long bytes, long maxBytes)
    {
        var taken = Volatile.Read(ref _taken);
        while (bytes <= maxBytes - taken)
        {
            var seen = Interlocked.CompareExchange(ref _taken, taken + bytes, taken);
            if (seen == taken)
            {
                return true;
            }

            taken = seen;
        }

        return false;
    }

    /// <summary>So much is not needed any more.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
