using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// The scheduler of ensembles: it has no queue and no lanes. Each request becomes a run, whose steps wait in the queues of their own models. How many runs there are at once, and how many
/// bytes they came with, is bounded as a queue is.
/// </summary>
internal sealed class EnsembleScheduler(EnsembleSetup setup) : IModelScheduler
{
    private readonly Lock _gate = new();
    private readonly EnsembleLimiter _limiter = new(setup.Plan.Steps.Length, setup.Plan.MaxInflight);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runs;
    private long _bytes;
    private bool _isStopping;

    /// <summary>None: what has been accepted waits in the queues of the steps' models, which count it.</summary>
    /// <summary>Requests that are on their way.</summary>
    public int Runs
    {
        get
        {
            lock (_gate)
            {
                return _runs;
            }
        }
    }

    /// <summary>Takes leases of all versions that any request may lead to.</summary>
    public MemberLeases TakeMembers() => MemberLeases.Take(setup.Plan, setup.Plan.All, setup.Engine());

    /// <summary>What stands for the ensemble together with the versions that a request leads to, which the request holds from now on: what it runs is what its key says.</summary>
    /// <param name="own">What stands for the ensemble itself.</param>
    /// <param name="pending">The request.</param>
    public ImmutableArray<byte> SeedOf(ImmutableArray<byte> own, PendingInference pending)
    {
        var selection = setup.Plan.Select(pending.RequestedOutputs, pending.OutputOrder);
        var members = pending.Request.Members ?? pending.Request.HoldMembers(MemberLeases.Take(setup.Plan, selection, setup.Engine()));
        return members.SeedOf(own, selection, setup.Plan.MayLackOutputs && pending.OutputOrder is not null);
    }

    public InferenceError? TryEnqueue(PendingInference pending)
    {
        var run = new EnsembleRun(setup, _limiter, pending, OnEnded);
        lock (_gate)
        {
            if (_isStopping)
            {
                return pending.RefuseStopping();
            }

            if (_runs >= setup.Options.MaxQueueSize || (_runs > 0 && _bytes + pending.Bytes > setup.Options.MaxQueueBytes))
            {
                return InferenceErrors.QueueFull(pending.Request);
            }

            _runs++;
            _bytes += pending.Bytes;
        }

        pending.EnqueuedTimestamp = setup.Time.GetTimestamp();
        if (!run.TryBegin())
        {
            OnEnded(pending.Bytes);
            return pending.DescribeEnd(setup.Time.GetTimestamp());
        }

        pending.Request.Trace?.Record(TraceActivity.QueueStart, pending.EnqueuedTimestamp);
        run.Start();
        return null;
    }

    /// <summary>Nothing waits for company here.</summary>
    public void BeginDrain()
    {
    }

    public async Task StopAsync()
    {
        lock (_gate)
        {
            _isStopping = true;
            if (_runs == 0)
            {
                _stopped.TrySetResult();
            }
        }

        // Whose client has been answered may still have a branch that runs.
        await _stopped.Task.ConfigureAwait(false);
    }

    private void OnEnded(long bytes)
    {
        lock (_gate)
        {
            _runs--;
            _bytes -= bytes;
            if (_runs == 0 && _isStopping)
            {
                _stopped.TrySetResult();
            }
        }
    }
}
