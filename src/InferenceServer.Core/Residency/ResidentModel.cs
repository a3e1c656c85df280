namespace InferenceServer.Core.Residency;

/// <summary>A model that takes memory, as the residency policy sees it: all its versions together.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Bytes">What it takes.</param>
internal sealed record ResidentModel(string Name, long Bytes)
{
    /// <summary>True when it may leave the memory: it is loaded on demand, all of it serves, and nobody waits for another version of it.</summary>
    public bool CanLeave { get; init; }

    /// <summary>True when it is pinned, so that what it takes never comes back by itself.</summary>
    public bool IsPinned { get; init; }

    /// <summary>True while requests use it.</summary>
    public bool IsInUse { get; init; }

    /// <summary>Since when nobody uses it.</summary>
    public TimeSpan Idle { get; init; }

    /// <summary>Since when it serves.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>How much of the bytes is on its way out.</summary>
    public long Leaving { get; init; }

    /// <summary>True while a version of it is being loaded.</summary>
    public bool IsLoading { get; init; }

    /// <summary>After how long without a request it leaves; zero for never.</summary>
    public TimeSpan IdleUnload { get; init; }
}
