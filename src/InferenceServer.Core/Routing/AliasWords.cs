namespace InferenceServer.Core.Routing;

/// <summary>The words for causes and reasons, in answers as in metrics.</summary>
public static class AliasWords
{
    /// <summary>The word for the cause of a roll-back.</summary>
    public static string Of(RollbackCause cause) => cause switch
    {
        RollbackCause.ErrorRate => "error_rate",
        RollbackCause.Latency => "latency",
        _ => "request",
    };

    /// <summary>The word for the reason why a copy was not sent.</summary>
    public static string Of(ShadowDrop reason) => reason switch
    {
        ShadowDrop.InFlight => "in_flight",
        ShadowDrop.Memory => "memory",
        ShadowDrop.NotReady => "not_ready",
        ShadowDrop.SameVersion => "same_version",
        _ => "decoupled",
    };
}
