namespace InferenceServer.Core.Scheduling;

/// <summary>How busy a scheduler is in the moment in which a request comes.</summary>
internal readonly record struct AdmissionView
{
    /// <summary>The rows of the requests that are served before it.</summary>
    public required long RowsAhead { get; init; }

    /// <summary>The most rows that one execution takes.</summary>
    public required int MaxRows { get; init; }

    /// <summary>How many lanes there are, each of which is busy.</summary>
    public required int Lanes { get; init; }

    /// <summary>In how many ticks the first of them is likely to be free.</summary>
    public required long FirstFreeTicks { get; init; }
}
