namespace InferenceServer.Core.Sequences;

/// <summary>What bounds the sequences of one version.</summary>
internal sealed record SequenceLimits
{
    /// <summary>How many sequences each lane takes at a time; at least 1.</summary>
    public required int SlotsPerLane { get; init; }

    /// <summary>True when a sequence has the same row in every execution.</summary>
    public required bool HasFixedRows { get; init; }

    /// <summary>How long a sequence may have no request, in ticks of the time provider.</summary>
    public required long MaxIdleTicks { get; init; }

    /// <summary>The most requests that wait for those before them or for a slot, over all sequences.</summary>
    public required int MaxWaiting { get; init; }

    /// <summary>The most bytes of inputs that they hold.</summary>
    public required long MaxWaitingBytes { get; init; }
}
