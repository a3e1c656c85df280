using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>What is to be done after a change of the table, when its lock has been left.</summary>
internal sealed class SequenceEffects
{
    private List<(PendingInference Pending, SequenceFailure Failure)>? _failed;
    private List<Sequence>? _freed;
    private Queue<PendingInference>? _more;
    private PendingInference? _run;

    /// <summary>The requests that will not run.</summary>
    public IReadOnlyList<(PendingInference Pending, SequenceFailure Failure)> Failed => _failed ?? [];

    /// <summary>The sequences that have ended.</summary>
    public IReadOnlyList<Sequence> Freed => _freed ?? [];

    public void Run(PendingInference pending)
    {
        // Most often there is one.
        if (_run is null)
        {
            _run = pending;
        }
        else
        {
            (_more ??= new()).Enqueue(pending);
        }
    }

    public void Fail(PendingInference pending, SequenceFailure failure) => (_failed ??= []).Add((pending, failure));

    public void Free(Sequence sequence) => (_freed ??= []).Add(sequence);

    /// <summary>The next request whose turn has come, for the lane of its sequence; null for none.</summary>
    public PendingInference? TakeRun()
    {
        var next = _run;
        _run = _more is { Count: > 0 } more ? more.Dequeue() : null;
        return next;
    }
}
