using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

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
    private readonly EnsembleSelection _selection;
    private readonly PendingInference _pending;
    private readonly Action<long> _onEnded;
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<EnsembleFrame> _frames = [];
    private readonly StepCaller _caller;
    private ModelLease? _lease;
    private TimeSpan _inputTime;
    private TimeSpan _inferTime;
    private TimeSpan _outputTime;
    private int _active = 1;
    private bool _isStarted;
    private bool _isOver;
    private bool _hasResponded;

    /// <param name="setup">What the requests of the version share.</param>
    /// <param name="limiter">The bounds of its steps.</param>
    /// <param name="pending">The request.</param>
    /// <param name="onEnded">Called with the bytes of the request when nothing of the run is left.</param>
    public EnsembleRun(EnsembleSetup setup, EnsembleLimiter limiter, PendingInference pending, Action<long> onEnded)
    {
        _setup = setup;
        _pending = pending;
        _onEnded = onEnded;
        _selection = setup.Plan.Select(pending.RequestedOutputs, pending.OutputOrder);
        _caller = new StepCaller(this, setup, limiter);
    }

    public EnsemblePlan Plan => _setup.Plan;

    public EnsembleSelection Selection => _selection;

    /// <summary>The request. Its inputs belong to the run from its start on.</summary>
    public InferenceRequest Request => _pending.Request;

    /// <summary>Signalled when the request has failed: nothing more is to be begun, and what runs is to end.</summary>
    public CancellationToken Token => _cancel.Token;

    /// <summary>Watches the client.</summary>
    /// <returns>False when it has gone already: the request stays with the caller.</returns>
    public bool TryBegin()
    {
        _pending.WatchCancellation(static state => ((EnsembleRun)state!).OnClientGone(), this);
        lock (_gate)
        {
            if (!_pending.IsAbandoned)
            {
                // Until the run has ended, however early its client is answered.
                _lease = Request.Lease.Share();
                return _isStarted = true;
            }
        }

        _pending.UnwatchCancellation();
        _cancel.Dispose();
        return false;
    }

    /// <summary>Begins the steps that can begin.</summary>
    public void Start()
    {
        _caller.Lease();
        var root = new EnsembleFrame(Plan, _selection, EnsemblePlan.Root, null, Task.CompletedTask);
        lock (_gate)
        {
            if (!_isOver)
            {
                PutInputs(root);
                _frames.Add(root);
            }
        }

        Advance(root);
        Leave();
    }

    /// <summary>Ends the request with what a step, or the run itself, has found wrong. Only the first such call has an effect.</summary>
    public void Fail(InferenceError error)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            _active++;
        }

        var reason = error.Code is ErrorCode.Cancelled or ErrorCode.DeadlineExceeded ? FailureReason.Cancelled : FailureReason.Other;
        _setup.Statistics.RecordFailure(reason, Elapsed());
        _pending.Fail(error);
        _cancel.Cancel();
        Leave();
    }

    /// <summary>As <see cref="Fail"/>, with the ensemble's name in front of what a step says.</summary>
    public void FailIn(InferenceError error) => Fail(EnsembleErrors.InEnsemble(Plan.Name, error));

    /// <summary>Takes the inputs of a step out of its frame, in the order of the plan; one that is not there has no buffer. Null when the request is over.</summary>
    public TensorView[]? TakeInputs(EnsembleFrame frame, PlanStep step)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return null;
            }

            var views = new TensorView[step.Inputs.Length];
            for (var i = 0; i < views.Length; i++)
            {
                var tensor = step.Inputs[i].Tensor;
                if (frame.StateOf(tensor) == TensorState.Present)
                {
                    views[i] = frame.Take(tensor);
                }
                else
                {
                    frame.Drop(tensor);
                }
            }

            if (step.Condition is { } condition)
            {
                frame.Drop(condition.Tensor);
            }

            return views;
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

            frame.AddParameters(response.Parameters);
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
                foreach (var tensor in _selection.CapturesOf(place))
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
        var opened = new EnsembleFrame(Plan, _selection, place, previous, previous?.Completed.Task ?? frame.Turn);
        lock (_gate)
        {
            if (_isOver)
            {
                return null;
            }

            foreach (var tensor in _selection.CapturesOf(place))
            {
                if (frame.StateOf(tensor) == TensorState.Present)
                {
                    opened.TryPut(tensor, frame.Peek(tensor).Acquire());
                }
                else
                {
                    opened.PutNothing(tensor);
                }
            }

            _frames.Add(opened);
        }

        Put(opened, Plan.Steps[place], response, lease);
        lock (_gate)
        {
            foreach (var output in Plan.Steps[place].Outputs.Where(output => opened.StateOf(output.Tensor) == TensorState.Pending))
            {
                opened.PutNothing(output.Tensor);
            }
        }

        return opened;
    }

    /// <summary>Counts the time of an execution in: that of an ensemble is the sum of its steps.</summary>
    public void Count(in ExecutionTimes times)
    {
        lock (_gate)
        {
            _inputTime += times.Input;
            _inferTime += times.Infer;
            _outputTime += times.Output;
        }
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

            problem = Decide(frame, ref ready);
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

        foreach (var place in ready ?? [])
        {
            _ = GuardAsync(frame, place);
        }

        if (isEnding)
        {
            _ = EndAsync(frame);
        }
    }

    /// <summary>Decides about each step of a frame until there is nothing to decide any more: what is passed over may be what others waited for.</summary>
    private InferenceError? Decide(EnsembleFrame frame, ref List<int>? ready)
    {
        for (var hasChanged = true; hasChanged;)
        {
            hasChanged = false;
            for (var place = 0; place < Plan.Steps.Length; place++)
            {
                var step = Plan.Steps[place];
                if (step.Scope != frame.Scope || !_selection.Needs(place) || frame.HasBegun(place))
                {
                    continue;
                }

                var isTrue = false;
                if (step.Condition is { } condition && frame.StateOf(condition.Tensor) == TensorState.Present && !TensorTruth.TryRead(frame.Peek(condition.Tensor), out isTrue))
                {
                    return EnsembleErrors.NoCondition(step, frame.Peek(condition.Tensor));
                }

                var decision = StepReadiness.Decide(step, _selection.CapturesOf(place), frame.States, isTrue);
                if (decision == StepDecision.Run)
                {
                    frame.Begin(place);
                    (ready ??= []).Add(place);
                }
                else if (decision == StepDecision.Skip)
                {
                    frame.Skip(place, step);
                    hasChanged = true;
                }
            }
        }

        return null;
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
            if (frame.Scope == _selection.OutputScope && !await TryRespondAsync(frame).ConfigureAwait(false))
            {
                return;
            }

            lock (_gate)
            {
                frame.Release();
                _frames.Remove(frame);
            }

            frame.Completed.TrySetResult();
            if (Plan.IsDecoupled && frame.Scope == EnsemblePlan.Root)
            {
                EndStream();
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
        var outputs = new TensorView[_selection.Outputs.Length];
        if (TakeOutputs(frame, outputs, out var count) is { } error)
        {
            FailIn(error);
            return false;
        }

        if (!Plan.IsDecoupled)
        {
            return TryComplete(outputs[..count], frame);
        }

        if (count == 0)
        {
            // Nothing has come of this response.
            return true;
        }

        var response = new InferenceResponse(Request.Id, _lease!.Share(), outputs[..count], frame.Parameters, isFinal: false);
        var made = Elapsed();
        if (await _pending.Stream!.WriteAsync(Request, response, Token).ConfigureAwait(false) is { } refusal)
        {
            response.Dispose();
            Fail(refusal);
            return false;
        }

        if (!_hasResponded)
        {
            _hasResponded = true;
            _setup.Statistics.RecordFirstResponse(made);
        }

        return true;
    }

    /// <summary>Takes the wanted outputs out of a frame. Nothing is left over when there is an error.</summary>
    private InferenceError? TakeOutputs(EnsembleFrame frame, TensorView[] outputs, out int count)
    {
        lock (_gate)
        {
            count = 0;
            var error = _isOver ? InferenceErrors.Cancelled(Request) : EnsembleOutputs.FindProblem(frame, Plan, _selection, isNamed: _pending.OutputOrder is not null);
            foreach (var tensor in error is null ? _selection.Outputs : [])
            {
                if (frame.StateOf(tensor) == TensorState.Present)
                {
                    var view = frame.Take(tensor);
                    outputs[count++] = EnsembleOutputs.Shape(view, _setup.Config, ref error);
                }
            }

            for (var i = 0; error is not null && i < count; i++)
            {
                outputs[i].Dispose();
            }

            return error;
        }
    }

    /// <summary>Ends a request that has one answer.</summary>
    private bool TryComplete(TensorView[] outputs, EnsembleFrame frame)
    {
        if (!TryEnd())
        {
            EnsembleOutputs.Release(outputs);
            return false;
        }

        var total = Elapsed();
        var times = RecordSuccess(total);
        _setup.Statistics.RecordFirstResponse(total);
        var response = new InferenceResponse(Request.Id, Request.DetachLease(), outputs, frame.Parameters) { Times = times };
        Request.Trace?.Record(TraceActivity.TensorBackendOutput, response.Outputs);
        if (!_pending.TryComplete(InferenceOutcome.Success(response)))
        {
            response.Dispose();
        }

        return true;
    }

    /// <summary>Ends a request all of whose answers have left.</summary>
    private void EndStream()
    {
        if (TryEnd())
        {
            RecordSuccess(Elapsed());
            _pending.EndStream();
        }
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

    private ExecutionTimes RecordSuccess(TimeSpan total)
    {
        ExecutionTimes times;
        lock (_gate)
        {
            times = new ExecutionTimes(_inputTime, _inferTime, _outputTime);
        }

        _setup.Statistics.RecordRun(_pending.Rows, times, _setup.Time.GetUtcNow());
        _setup.Statistics.RecordSuccess(TimeSpan.Zero, total, times);
        return times;
    }

    private TimeSpan Elapsed() => _setup.Time.GetElapsedTime(_pending.EnqueuedTimestamp);

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

        Fail(InferenceErrors.Cancelled(Request));
    }

    private void PutInputs(EnsembleFrame root)
    {
        foreach (var input in Request.Inputs)
        {
            var tensor = Plan.FindInput(input.Name);
            if (root.IsRead(tensor))
            {
                root.TryPut(tensor, input.Acquire());
            }
        }

        foreach (var tensor in Plan.Inputs.Where(tensor => root.StateOf(tensor) == TensorState.Pending))
        {
            root.PutNothing(tensor);
        }

        // Each tensor goes as soon as it has been read for the last time, and not with the request.
        Request.ReleaseInputs();
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

            foreach (var frame in _frames)
            {
                frame.Release();
            }

            _frames.Clear();
        }

        _caller.Return();
        _cancel.Dispose();
        _lease?.Dispose();
        _onEnded(_pending.Bytes);
    }
}
