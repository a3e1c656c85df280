namespace InferenceServer.Core.Scheduling;

/// <summary>A way to run what waits.</summary>
/// <param name="Lanes">By how many lanes.</param>
/// <param name="IsSingle">True when an execution has one request, whatever waits.</param>
/// <param name="IsOneThread">True when each execution uses the thread of its lane alone, where so many run that it need not use more.</param>
internal readonly record struct LaneWay(int Lanes, bool IsSingle = false, bool IsOneThread = false)
{
    /// <summary>For the log.</summary>
    public override string ToString() => FormattableString.Invariant($"{Lanes}{(IsSingle ? " of one request each" : "")}{(IsOneThread ? " by one thread each" : "")}");
}
