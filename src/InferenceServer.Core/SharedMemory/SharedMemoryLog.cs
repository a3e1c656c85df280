using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.SharedMemory;

/// <summary>Log messages of shared memory: event ids 4200 to 4299. None of them has the name or the key of a region.</summary>
internal static partial class SharedMemoryLog
{
    [LoggerMessage(4200, LogLevel.Debug, "A client registered a shared memory region of {Bytes} bytes; now there are {Count}")]
    public static partial void Registered(ILogger logger, long bytes, int count);

    [LoggerMessage(4201, LogLevel.Debug, "A client unregistered {Removed} shared memory regions; now there are {Count}")]
    public static partial void Unregistered(ILogger logger, int removed, int count);

    [LoggerMessage(4202, LogLevel.Debug, "A client registered a shared memory region of {Bytes} bytes on CUDA device {Device}; now there are {Count}")]
    public static partial void RegisteredCuda(ILogger logger, long bytes, long device, int count);

    [LoggerMessage(4203, LogLevel.Warning, "Memory of a CUDA device could not be let go: {Failure}")]
    public static partial void NotClosed(ILogger logger, string failure);
}
