namespace InferenceServer.Core.Sequences;

/// <summary>Why a request that waited will not run.</summary>
internal enum SequenceFailure
{
    /// <summary>Its own client has gone, or its deadline has passed.</summary>
    Abandoned,

    /// <summary>A request before it in its sequence will not run, or has lost its client.</summary>
    Broken,

    /// <summary>Its sequence has waited for a slot longer than one of its requests allows.</summary>
    NoSlotInTime,
}
