using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// One request to an ensemble on its way: which steps have run, and what they have written. A step begins the moment that all it reads is there, on the thread that brought the last of it.
/// The first failure ends the request and cancels what still runs; the run itself ends when nothing of it runs any more, and only then are its tensors and leases given back.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "It frees what it holds itself, when the last of its steps has ended.")]
internal sealed class EnsembleRun
{
    // Guards the frames and the fields below. Never held while a request is sent or completed, or something is logged.
    private readonly Lock _gate = new();
    private readonly EnsembleSetup _setup;
    private readonly PendingInference _pending;
    private readonly Action<long> _onEnded;
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<EnsembleFrame> _frames = [];
    private readonly StepCaller _caller;
    private ModelLease? _lease;
    private int _active = 1;
    private bool _isStarted;
    private bool _isOver;

    /// <param name="setup">What the requests of the version share.</param>
    /// <param name="limiter">The bounds of its steps.</param>
    /// <param name="pending">The request.</param>
    /// <param name="onEnded">Called with the bytes of the request when nothing of the run is left.</param>
    public EnsembleRun(EnsembleSetup setup, EnsembleLimiter limiter, PendingInference pending, Action<long> onEnded)
    {
        _setup = setup;
        _pending = pending;
        _onEnded = onEnded;
        Selection = setup.Plan.Select(pending.RequestedOutputs, pending.OutputOrder);
        Reply = new EnsembleReply(setup, pending);
        _caller = new StepCaller(this, setup, limiter);
    }

    public EnsemblePlan Plan => _setup.Plan;

    public EnsembleSelection Selection { get; }

    /// <summary>What the client is told.</summary>
    public EnsembleReply Reply { get; }

    /// <summary>The request. Its inputs belong to the run from its start on.</summary>
    public InferenceRequest Request => _pending.Request;

    /// <summary>How long the client still waits; null when it does not say.</summary>
    public TimeSpan? TimeLeft => _pending.DeadlineTimestamp == long.MaxValue ? null : _setup.Time.GetElapsedTime(_setup.Time.GetTimestamp(), _pending.DeadlineTimestamp);

    /// <summary>Signalled when the request has failed: nothing more is to be begun, and what runs is to end.</summary>
    public CancellationToken Token => _cancel.Token;

    /// <summary>Watches the client.</summary>
    /// <returns>False when it has gone already: the request stays with the caller.</returns>
    public bool TryBegin()
    {
        _pending.WatchClient(static state => ((EnsembleRun)state!).OnClientGone(), this, _setup.Time);
        lock (_gate)
        {
            if (!_pending.IsAbandoned)
            {
                // Until the run has ended, however early its client is answered.
                _lease = Request.Lease.Share();
                return _isStarted = true;
            }
        }

        _pending.UnwatchClient();
        _cancel.Dispose();
        return false;
    }

    /// <summary>Begins the steps that can begin.</summary>
    public void Start()
    {
        _caller.Lease();
        var root = new EnsembleFrame(Plan, Selection, EnsemblePlan.Root, null, Task.CompletedTask);
        lock (_gate)
        {
            if (!_isOver)
            {
                root.PutInputs(Plan, Request.Inputs);

                // Each tensor goes as soon as it has been read for the last time, and not with the request.
                Request.ReleaseInputs();
                _frames.Add(root);
            }
        }

        Advance(root);
        Leave();
    }

    /// <summary>Ends the request with what a step, or the run itself, has found wrong; null for nothing. Only the first such call has an effect.</summary>
    public void Fail(InferenceError? error)
    {
        lock (_gate)
        {
            if (error is null || _isOver)
            {
                return;
            }

            _isOver = true;
            _active++;
        }

        // What still waits for a model is out of its queue by the time that the client is told.
        _cancel.Cancel();
        Reply.Fail(error);
        Leave();
    }

    /// <summary>As <see cref="Fail"/>, with the ensemble's name in front of what a step says.</summary>
    public void FailIn(InferenceError error) => Fail(EnsembleErrors.InEnsemble(Plan.Name, error));

    /// <summary>Takes the inputs of a step out of its frame, in the order of the plan; one that is not there has no buffer. Null when the request is over.</summary>
    public TensorView[]? TakeInputs(EnsembleFrame frame, PlanStep step)
    {
        lock (_gate)
        {
            return _isOver ? null : frame.TakeInputs(step);
        }
    }

    /// <summary>A step has answered: its outputs become tensors of the frame. The response stays the caller's.</summary>
    public void Put(EnsembleFrame frame, PlanStep step, InferenceResponse response, ModelLease lease)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            foreach (var output in step.Outputs)
            {
                foreach (ref readonly var view in response.Outputs)
                {
                    if (view.Name == output.Member && frame.IsRead(output.Tensor))
                    {
                        frame.TryPut(output.Tensor, MemberMemory.Hold(view, lease, Plan.Tensors[output.Tensor]));
                    }
                }
            }

            frame.AddParameters(response.Parameters, step.Index);
        }
    }

    /// <summary>Puts a tensor that the run has made itself; takes its count over.</summary>
    public void Put(EnsembleFrame frame, int tensor, in TensorView view)
    {
        lock (_gate)
        {
            if (!_isOver && frame.TryPut(tensor, view))
            {
                return;
            }
        }

        view.Dispose();
    }

    /// <summary>A step has ended, and what it has written is there: others may begin.</summary>
    public void EndStep(EnsembleFrame frame, int place)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                foreach (var tensor in Selection.CapturesOf(place))
                {
                    frame.Drop(tensor);
                }

                frame.End(Plan.Steps[place]);
            }
        }

        Advance(frame);
    }

    /// <summary>Opens the frame of one more response of a decoupled step, with all that is read beside it.</summary>
    /// <returns>The frame, which the caller advances; null when the request is over.</returns>
    public EnsembleFrame? Open(EnsembleFrame frame, int place, InferenceResponse response, ModelLease lease, EnsembleFrame? previous)
    {
        var opened = new EnsembleFrame(Plan, Selection, place, previous, previous?.Completed.Task ?? frame.Turn);
        lock (_gate)
        {
            if (_isOver)
            {
                return null;
            }

            opened.Capture(frame, Selection.CapturesOf(place));
            _frames.Add(opened);
        }

        Put(opened, Plan.Steps[place], response, lease);
        lock (_gate)
        {
            opened.PutMissing(Plan.Steps[place]);
        }

        return opened;
    }

    /// <summary>Begins what can begin in a frame, and ends the frame when nothing is left to do in it.</summary>
    public void Advance(EnsembleFrame frame)
    {
        List<int>? ready = null;
        InferenceError? problem;
        var isEnding = false;
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            problem = FrameSteps.Decide(frame, Plan, Selection, ref ready);
            if (problem is null)
            {
                isEnding = frame is { StepsLeft: 0, IsEnding: false };
                frame.IsEnding |= isEnding;
                _active += (ready?.Count ?? 0) + (isEnding ? 1 : 0);
            }
        }

        if (problem is not null)
        {
            FailIn(problem);
            return;
        }

        ready?.ForEach(place => _ = GuardAsync(frame, place));

        if (isEnding)
        {
            _ = EndAsync(frame);
        }
    }

    /// <summary>Runs a step to its end, whatever comes of it.</summary>
    private async Task GuardAsync(EnsembleFrame frame, int place)
    {
        try
        {
            if (frame.Previous is { } previous)
            {
                await previous.OrderOf(place).WaitAsync(Token).ConfigureAwait(false);
            }

            await _caller.RunAsync(frame, place).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Token.IsCancellationRequested)
        {
            // The request has failed, and its client has been told why.
        }
        catch (Exception exception)
        {
            EnsembleLog.StepThrew(_setup.Logger, exception, Plan.Name, _lease!.Model.Version, Plan.Steps[place].Words);
            FailIn(EnsembleErrors.Unexpected(Plan.Steps[place]));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>All steps of a frame have ended: its answer leaves, after those of the frames before.</summary>
    private async Task EndAsync(EnsembleFrame frame)
    {
        try
        {
            await frame.Turn.WaitAsync(Token).ConfigureAwait(false);
            frame.Previous = null;
            if (frame.Scope == Selection.OutputScope && !await TryRespondAsync(frame).ConfigureAwait(false))
            {
                return;
            }

            lock (_gate)
            {
                frame.Release();
                _frames.Remove(frame);
            }

            frame.Completed.TrySetResult();
            if (Plan.IsDecoupled && frame.Scope == EnsemblePlan.Root && TryEnd())
            {
                Reply.EndStream();
            }
        }
        catch (OperationCanceledException) when (Token.IsCancellationRequested)
        {
            // As above.
        }
        catch (Exception exception)
        {
            EnsembleLog.AnswerThrew(_setup.Logger, exception, Plan.Name, _lease!.Model.Version);
            Fail(EnsembleErrors.NoAnswer(Plan.Name));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Makes the answer of a frame and hands it over.</summary>
    /// <returns>False when the request has failed.</returns>
    private async ValueTask<bool> TryRespondAsync(EnsembleFrame frame)
    {
        var outputs = new TensorView[Selection.Outputs.Length];
        InferenceError? error;
        int count;
        lock (_gate)
        {
            // One that is over has nobody to answer: what it says then is not heard.
            error = EnsembleOutputs.Take(frame, Plan, Selection, _setup.Config, _pending.OutputOrder is not null, outputs, out count);
        }

        if (error is not null)
        {
            FailIn(error);
            return false;
        }

        if (Plan.IsDecoupled)
        {
            // Where nothing has come of a response there is nothing to send.
            var refusal = count == 0 ? null : await Reply.SendAsync(outputs[..count], frame, _lease!.Share(), Token).ConfigureAwait(false);
            Fail(refusal);
            return refusal is null;
        }

        if (!TryEnd())
        {
            EnsembleOutputs.Release(outputs.AsSpan(0, count));
            return false;
        }

        Reply.Complete(outputs[..count], frame);
        return true;
    }

    private bool TryEnd()
    {
        lock (_gate)
        {
            var isFirst = !_isOver;
            _isOver = true;
            return isFirst;
        }
    }

    private void OnClientGone()
    {
        lock (_gate)
        {
            _pending.IsAbandoned = true;
            if (!_isStarted)
            {
                return;
            }
        }

        Fail(_pending.DescribeEnd(_setup.Time.GetTimestamp()));
    }

    /// <summary>Something of the run has ended; with the last of it all that it still holds is given back.</summary>
    private void Leave()
    {
        lock (_gate)
        {
            if (--_active > 0)
            {
                return;
            }

            _frames.ForEach(static frame => frame.Release());
        }

        _caller.Return();
        _cancel.Dispose();
        _lease?.Dispose();
        _onEnded(_pending.Bytes);
    }
}
