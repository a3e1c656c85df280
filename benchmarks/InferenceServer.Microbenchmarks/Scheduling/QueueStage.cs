using InferenceServer.Core.Scheduling;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>Requests that come into the queue and leave it as one batch.</summary>
internal sealed class QueueStage : IStage, IDisposable
{
    private readonly StagedModel _model = new();
    private readonly RequestQueue _queue;
    private readonly PendingInference[] _pending;
    private long _now = 1;

    public QueueStage(int requests)
    {
        _queue = new RequestQueue(_model.Rules.Queue, _model.Rules.MaxQueueBytes, _model.Rules.Compatibility, TimeProvider.System);
        _pending = [.. Enumerable.Range(0, requests).Select(_ => _model.Pending())];
    }

    public void Run()
    {
        _now++;
        foreach (var pending in _pending)
        {
            if (!_queue.TryAdd(pending, _now))
            {
                throw new InvalidOperationException("the queue is full");
            }
        }

        var head = _queue.Peek(SampleModel.MaxRows, isDraining: false, executionTicks: 0, _now);
        _queue.Take(head.Rows.Length, _now);
    }

    public void Dispose()
    {
        Array.ForEach(_pending, static pending => pending.Request.Dispose());
        _model.Dispose();
    }
}
