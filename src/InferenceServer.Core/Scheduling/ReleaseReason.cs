namespace InferenceServer.Core.Scheduling;

/// <summary>Why a batch was released to a lane with the rows that it had.</summary>
public enum ReleaseReason
{
    /// <summary>A lane was idle, so what waited was run at once.</summary>
    LaneIdle,

    /// <summary>The batch holds all the rows that the model takes, or the next request would not have fitted.</summary>
    Full,

    /// <summary>The batch has one of the preferred sizes.</summary>
    Preferred,

    /// <summary>The oldest request had waited as long as the configuration allows.</summary>
    DelayExpired,

    /// <summary>The next request has other shapes, other optional inputs or another variant of the model, so it cannot share an execution.</summary>
    ShapeMismatch,

    /// <summary>The version is being unloaded; nothing waits for company any more.</summary>
    Drain,

    /// <summary>It was run to warm the version up, before there were requests.</summary>
    Warmup,
}
