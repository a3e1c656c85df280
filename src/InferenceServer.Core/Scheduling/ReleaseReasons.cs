namespace InferenceServer.Core.Scheduling;

/// <summary>The names of reasons, as metrics, statistics and explanations show them.</summary>
public static class ReleaseReasons
{
    /// <summary>The name of a reason.</summary>
    public static string NameOf(ReleaseReason reason) => reason switch
    {
        ReleaseReason.LaneIdle => "lane_idle",
        ReleaseReason.Full => "full",
        ReleaseReason.Preferred => "preferred",
        ReleaseReason.DelayExpired => "delay_expired",
        ReleaseReason.ShapeMismatch => "shape_mismatch",
        ReleaseReason.Warmup => "warmup",
        _ => "drain",
    };
}
