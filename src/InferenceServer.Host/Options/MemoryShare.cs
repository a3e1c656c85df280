namespace InferenceServer.Host.Options;

/// <summary>How much of the memory that the process may use is for the bodies of requests, where nobody says.</summary>
internal static class MemoryShare
{
    /// <summary>What the runtime, the web server and small models take.</summary>
    public const long Base = 128 << 20;

    /// <summary>One part is for the bodies. The others are for what is made of them: tensors, batches, answers and their text, and what the transport holds.</summary>
    public const int Parts = 4;

    /// <summary>With less, requests of a few megabytes would come in one by one.</summary>
    public const long Least = 16 << 20;

    /// <summary>The default of this process.</summary>
    public static long OfProcess() => Of(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <param name="available">What the process may use, in bytes: that of the machine, or of the container.</param>
    public static long Of(long available) => Math.Max(Least, (available - Base) / Parts);
}
