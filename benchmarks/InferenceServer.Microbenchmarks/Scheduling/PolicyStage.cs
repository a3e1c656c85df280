using InferenceServer.Core.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>The decision on what waits.</summary>
internal sealed class PolicyStage : IStage, IDisposable
{
    private readonly StagedModel _model = new();
    private readonly BatchDecider _decider;
    private readonly PendingInference[] _pending;

    public PolicyStage(int requests, TimeSpan? target = null)
    {
        var queue = new RequestQueue(_model.Rules.Queue, _model.Rules.MaxQueueBytes, _model.Rules.Compatibility, TimeProvider.System);
        _decider = new BatchDecider(queue, new ExecutionCosts(), TimeProvider.System.TimestampFrequency) { Limits = _model.Rules.Limits with { LatencyTargetTicks = target is { } time ? TimeProvider.System.ToTicks(time) : null } };
        _pending = [.. Enumerable.Range(0, requests).Select(_ => _model.Pending())];
        Array.ForEach(_pending, pending => queue.TryAdd(pending, 1));
    }

    /// <summary>What was decided last.</summary>
    public BatchDecision Decision { get; private set; }

    public void Run() => Decision = _decider.Decide(isDraining: false, now: 2);

    public void Dispose()
    {
        Array.ForEach(_pending, static pending => pending.Request.Dispose());
        _model.Dispose();
    }
}
