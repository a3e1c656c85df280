namespace InferenceServer.Core.Configuration;

/// <summary>What happens to a request that has waited longer than its timeout.</summary>
public enum TimeoutAction
{
    /// <summary>It is refused.</summary>
    Reject,

    /// <summary>It waits on, behind every request whose timeout has not passed.</summary>
    Delay,
}
