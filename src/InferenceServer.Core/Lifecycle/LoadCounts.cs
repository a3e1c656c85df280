using System.Collections.Immutable;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Counts loads by model. Safe for several threads.</summary>
internal sealed class LoadCounts
{
    private readonly NamedCounts<ModelLoadCount> _counts = new(static model => new ModelLoadCount(model, 0, 0));

    /// <summary>The counts, by name.</summary>
    public ImmutableArray<ModelLoadCount> Read() => _counts.Read();

    public void Succeed(string model) => _counts.Change(model, static count => count with { Succeeded = count.Succeeded + 1 });

    /// <summary>A load has ended.</summary>
    public void RecordLoad(string model, bool isGood, TimeSpan duration) => _counts.Change(model, count =>
    {
        (isGood ? count.LoadDurations : count.FailedLoadDurations).Observe(duration);
        return count;
    });

    /// <summary>A version has left the memory.</summary>
    public void RecordUnload(string model, TimeSpan duration) => _counts.Change(model, count =>
    {
        count.UnloadDurations.Observe(duration);
        return count;
    });

    public void Fail(string model) => _counts.Change(model, static count => count with { Failed = count.Failed + 1 });
}
