using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Ensembles;

/// <summary>Runs the steps of one run: each is an ordinary request to its model.</summary>
/// <param name="run">The run.</param>
/// <param name="setup">What the requests of the ensemble share.</param>
/// <param name="limiter">The bounds of the steps.</param>
internal sealed class StepCaller(EnsembleRun run, EnsembleSetup setup, EnsembleLimiter limiter)
{
    private readonly InferenceEngine _engine = setup.Engine();
    private MemberLeases? _members;

    /// <summary>Takes leases of all versions that the run may need, unless the request has brought them.</summary>
    public void Lease() => _members = run.Request.DetachMembers() ?? MemberLeases.Take(setup.Plan, run.Selection, _engine);

    /// <summary>Runs a step to its end. What fails is told to the run.</summary>
    /// <exception cref="OperationCanceledException">The request has failed meanwhile.</exception>
    public Task RunAsync(EnsembleFrame frame, int place)
    {
        var step = setup.Plan.Steps[place];
        return step.FanOut is not null ? RunItemsAsync(frame, place, step) : step.IsDecoupled ? RunDecoupledAsync(frame, place, step) : RunOnceAsync(frame, place, step);
    }

    /// <summary>Gives the leases back: no step runs any more.</summary>
    public void Return() => _members?.Dispose();

    private async Task RunOnceAsync(EnsembleFrame frame, int place, PlanStep step)
    {
        using var room = await limiter.EnterAsync(place, run.Token).ConfigureAwait(false);
        using var lease = await AcquireAsync(place, step).ConfigureAwait(false);
        if (lease is not null && run.TakeInputs(frame, step) is { } inputs)
        {
            using var response = await InferAsync(frame, place, step, lease, inputs).ConfigureAwait(false);
            if (response is not null)
            {
                run.Put(frame, step, response, lease);
                room?.Dispose();
                run.EndStep(frame, place);
            }
        }
    }

    private async Task RunItemsAsync(EnsembleFrame frame, int place, PlanStep step)
    {
        using var lease = await AcquireAsync(place, step).ConfigureAwait(false);
        if (lease is null || run.TakeInputs(frame, step) is not { } inputs)
        {
            return;
        }

        if (ItemCut.TryMake(step, inputs, out var made) is { } error)
        {
            run.FailIn(error);
            return;
        }

        using var cut = made!;
        var responses = new InferenceResponse?[cut.Count];
        try
        {
            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, Math.Min(cut.Count, step.FanOut!.Parallel)).Select(_ => WorkAsync())).ConfigureAwait(false);
            frame.LetNextBegin(place);
            if (Array.TrueForAll(responses, static response => response is not null) && TryGather(frame, step, lease, responses!))
            {
                run.EndStep(frame, place);
            }

            async Task WorkAsync()
            {
                for (var item = Interlocked.Increment(ref next); item < responses.Length; item = Interlocked.Increment(ref next))
                {
                    using var room = await limiter.EnterAsync(place, run.Token).ConfigureAwait(false);
                    responses[item] = await InferAsync(frame, place, step, lease, cut.Take(item)).ConfigureAwait(false);
                    if (responses[item] is null)
                    {
                        return;
                    }
                }
            }
        }
        finally
        {
            foreach (var response in responses)
            {
                response?.Dispose();
            }
        }
    }

    private bool TryGather(EnsembleFrame frame, PlanStep step, ModelLease lease, InferenceResponse[] responses)
    {
        var config = lease.Model.Config;
        var parts = new TensorView[responses.Length];
        foreach (var output in step.Outputs.Where(output => frame.IsRead(output.Tensor)))
        {
            for (var i = 0; i < parts.Length; i++)
            {
                parts[i] = Find(responses[i], output.Member);
            }

            var expected = config.Outputs.First(tensor => tensor.Name == output.Member);
            if (ItemGather.TryGather(step, setup.Plan.Tensors[output.Tensor], expected, config.IsBatching, parts, setup.Allocator, out var gathered) is { } error)
            {
                run.FailIn(error);
                return false;
            }

            run.Put(frame, output.Tensor, gathered);
        }

        return true;
    }

    private async Task RunDecoupledAsync(EnsembleFrame frame, int place, PlanStep step)
    {
        EnsembleFrame? last = null;
        using (var room = await limiter.EnterAsync(place, run.Token).ConfigureAwait(false))
        {
            using var lease = await AcquireAsync(place, step).ConfigureAwait(false);
            if (lease is null || run.TakeInputs(frame, step) is not { } inputs)
            {
                return;
            }

            var started = setup.Time.GetTimestamp();
            var request = StepRequest.Make(run, step, lease.Share(), _members!.ShareBehind(place), inputs, WantedOf(place, step));
            using var trace = request.Trace;
            using var stream = _engine.StartStream(request, run.Token);
            frame.LetNextBegin(place);

            if (!step.FeedsItself)
            {
                // What follows from these responses begins when all that follows from those before has ended.
                await frame.Turn.WaitAsync(run.Token).ConfigureAwait(false);
            }

            var (isWhole, opened) = await ReadAsync(frame, place, step, stream, lease).ConfigureAwait(false);
            if (!isWhole)
            {
                return;
            }

            last = opened;
            run.Reply.Count(new ExecutionTimes(TimeSpan.Zero, setup.Time.GetElapsedTime(started), TimeSpan.Zero));
        }

        await (last?.Completed.Task ?? Task.CompletedTask).WaitAsync(run.Token).ConfigureAwait(false);
        run.EndStep(frame, place);
    }

    /// <summary>Reads the responses of a decoupled step, and has what follows from each begin. While too many are on their way it does not read, which has the model wait.</summary>
    private async Task<(bool IsWhole, EnsembleFrame? Last)> ReadAsync(EnsembleFrame frame, int place, PlanStep step, InferenceStream stream, ModelLease lease)
    {
        var most = setup.Plan.MaxInflight == 0 ? setup.Options.MaxUnreadResponses : Math.Min(setup.Plan.MaxInflight, setup.Options.MaxUnreadResponses);
        most = Math.Max(1, step.FeedsItself ? setup.Options.MaxQueueSize : most);
        EnsembleFrame? last = null;
        var open = new Queue<EnsembleFrame>();
        while (await stream.ReadAsync(run.Token).ConfigureAwait(false) is { } outcome)
        {
            if (!outcome.IsSuccess)
            {
                run.FailIn(outcome.Error);
                return (false, null);
            }

            var isFinal = outcome.Response.IsFinal;
            using (var response = outcome.Response)
            {
                last = run.Open(frame, place, response, lease, last);
            }

            if (last is null)
            {
                return (false, null);
            }

            run.Advance(last);
            open.Enqueue(last);
            while (open.TryPeek(out var first) && first.Completed.Task.IsCompleted)
            {
                open.Dequeue();
            }

            if (isFinal)
            {
                break;
            }

            if (open.Count >= most)
            {
                if (step.FeedsItself)
                {
                    run.FailIn(EnsembleErrors.TooManyResponses(step, most));
                    return (false, null);
                }

                await open.Dequeue().Completed.Task.WaitAsync(run.Token).ConfigureAwait(false);
            }
        }

        return (true, last);
    }

    /// <summary>A lease of the step's model; null when there is none to be had, which has failed the request.</summary>
    private async ValueTask<ModelLease?> AcquireAsync(int place, PlanStep step)
    {
        if (_members!.Of(place) is { } held)
        {
            return held.Share();
        }

        var outcome = await _engine.AcquireMemberAsync(step.Model, step.Version, run.Token).ConfigureAwait(false);
        if (outcome.TryGet(out var lease, out var error))
        {
            return lease;
        }

        run.FailIn(error);
        return null;
    }

    /// <summary>Asks a model once.</summary>
    /// <returns>The response, which the caller disposes; null when there is none, which has failed the request.</returns>
    private async Task<InferenceResponse?> InferAsync(EnsembleFrame frame, int place, PlanStep step, ModelLease lease, TensorView[] inputs)
    {
        var request = StepRequest.Make(run, step, lease.Share(), _members!.ShareBehind(place), inputs, WantedOf(place, step));
        using var trace = request.Trace;
        var answer = _engine.InferAsync(request, run.Token);
        frame.LetNextBegin(place);
        var outcome = await answer.ConfigureAwait(false);
        if (outcome.IsSuccess)
        {
            run.Reply.Count(outcome.Response.Times);
            return outcome.Response;
        }

        run.FailIn(outcome.Error);
        return null;
    }

    /// <summary>The outputs that somebody reads.</summary>
    private IEnumerable<string> WantedOf(int place, PlanStep step)
    {
        var uses = run.Selection.UsesIn(step.IsDecoupled ? place : step.Scope)!;
        return step.Outputs.Where(output => uses[output.Tensor] > 0).Select(static output => output.Member);
    }

    private static TensorView Find(InferenceResponse response, string name)
    {
        foreach (ref readonly var view in response.Outputs)
        {
            if (view.Name == name)
            {
                return view;
            }
        }

        return default;
    }
}
