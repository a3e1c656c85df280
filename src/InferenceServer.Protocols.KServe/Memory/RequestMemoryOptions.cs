namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>How much memory the bodies of requests may take together.</summary>
public sealed record RequestMemoryOptions
{
    /// <summary>The most bytes of all large bodies that are read or have been read and whose requests are not answered yet; 0 for any number.</summary>
    public long MaxBytes { get; init; }

    /// <summary>How long a body may wait for its turn before its request is refused.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(30);
}
