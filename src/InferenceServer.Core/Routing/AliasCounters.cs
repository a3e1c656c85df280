namespace InferenceServer.Core.Routing;

/// <summary>The counters of an alias that outlive its changes.</summary>
internal sealed class AliasCounters
{
    private readonly long[] _rollbacks = new long[Enum.GetValues<RollbackCause>().Length];

    public ShadowCounters Shadow { get; } = new();

    public long Rollbacks(RollbackCause cause) => Interlocked.Read(ref _rollbacks[(int)cause]);

    public void RollBack(RollbackCause cause) => Interlocked.Increment(ref _rollbacks[(int)cause]);
}
