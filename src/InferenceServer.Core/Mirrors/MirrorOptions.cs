namespace InferenceServer.Core.Mirrors;

/// <summary>Where and how much of remote repositories is kept on disk, and how patient the server is with their stores.</summary>
public sealed record MirrorOptions
{
    /// <summary>The folder that the copies are kept in, also from one start to the next; empty for a temporary one that goes with the process.</summary>
    public string Directory { get; init; } = "";

    /// <summary>The most bytes that copies may take, over all repositories.</summary>
    public long MaxBytes { get; init; } = 100L << 30;

    /// <summary>The most objects of one repository.</summary>
    public int MaxObjects { get; init; } = 100_000;

    /// <summary>How many objects are downloaded at once, over all repositories.</summary>
    public int ParallelDownloads { get; init; } = 8;

    /// <summary>How many times a call that may succeed a moment later is tried.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>How long a store may send nothing while an object is read.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
