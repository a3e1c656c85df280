namespace InferenceServer.Core.Scheduling;

/// <summary>A way to run what waits.</summary>
/// <param name="Lanes">By how many lanes.</param>
/// <param name="IsSingle">True when an execution has one request, whatever waits.</param>
/// <param name="IsOneThread">True when each execution uses the thread of its lane alone, where so many run that it need not use more.</param>
/// <param name="IsGathering">True when a lane waits a little for those who have just been answered, and runs them together.</param>
internal readonly record struct LaneWay(int Lanes, bool IsSingle = false, bool IsOneThread = false, bool IsGathering = false)
{
    /// <summary>For the log.</summary>
    public override string ToString() => FormattableString.Invariant($"{Lanes}{(IsSingle ? " of one request each" : "")}{(IsOneThread ? " by one thread each" : "")}{(IsGathering ? " of those that have gathered" : "")}");
}
