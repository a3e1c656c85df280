using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Caching;

/// <summary>
/// Stands in front of the queue of one version: answers what its cache has, has one of several simultaneous requests with one key run, and keeps what comes of it. A request
/// that fails because of its client, its deadline or a full queue fails alone: the next one of those that wait for it runs in its place.
/// </summary>
internal sealed class ModelCache
{
    private readonly ModelCacheSetup _setup;
    private readonly TimeProvider _time;
    private readonly FlightTable _flights;
    private readonly bool _isEnsemble;

    public ModelCache(ModelCacheSetup setup)
    {
        _setup = setup;
        _time = setup.Time;
        _flights = new FlightTable(this, setup);
        _isEnsemble = setup.MemberSeed is not null;
    }

    /// <summary>Requests that wait for others.</summary>
    public int WaitingRequests => _flights.WaitingRequests;

    /// <summary>Keys for which a request runs or is looked up.</summary>
    internal int Flights => _flights.Flights;

    /// <summary>The version is freed: what is kept of it alone goes too.</summary>
    public void Forget() => _setup.Cache.Forget(this);

    /// <summary>
    /// Accepts a request or says why not, as <see cref="IModelScheduler.TryEnqueue"/>. An accepted request is completed exactly once, perhaps before this returns; a refused one
    /// stays with the caller.
    /// </summary>
    public InferenceError? TryAccept(PendingInference pending)
    {
        pending.EnqueuedTimestamp = _time.GetTimestamp();
        var seed = _setup.MemberSeed is { } memberSeed ? memberSeed(pending) : _setup.Seed;
        if (seed.IsEmpty)
        {
            return _setup.Scheduler.TryEnqueue(pending);
        }

        var key = RequestKey.Of(seed.AsSpan(), pending);
        return _setup.Cache.IsShared ? TryAcceptShared(key, pending) : TryAcceptLocal(key, pending);
    }

    /// <summary>One of this cache's flights has lost the request that ran: it has ended, or was refused.</summary>
    public void End(CacheFlight flight, PendingInference pending, in InferenceOutcome outcome)
    {
        if (outcome.Response is { } response)
        {
            Keep(flight, response);
            foreach (var waiter in _flights.Land(flight))
            {
                Answer(waiter.Pending, response.Outputs, response.Parameters, flight.Lookup);
            }
        }
        else if (!pending.IsAbandoned && HasModelFailed(pending, outcome.Error))
        {
            // The model itself has failed: it would for all of them.
            foreach (var waiter in _flights.Land(flight))
            {
                Fail(waiter.Pending, _isEnsemble ? FailureReason.Other : FailureReason.Backend, InferenceErrors.OfAnother(pending.Request.Id, waiter.Pending.Request, outcome.Error!));
            }
        }
        else
        {
            PassOn(flight);
        }
    }

    /// <summary>An ensemble executes nothing itself: whether a step was refused, or failed, its code tells.</summary>
    private bool HasModelFailed(PendingInference pending, InferenceError? error) => _isEnsemble
        ? error?.Code is not (ErrorCode.Cancelled or ErrorCode.DeadlineExceeded or ErrorCode.ResourceExhausted or ErrorCode.Unavailable)
        : pending.Membership is not null;

    private InferenceError? TryAcceptLocal(CacheKey key, PendingInference pending)
    {
        while (true)
        {
            var started = _time.GetTimestamp();
            if (FindNow(key, out var lookup) is { } found)
            {
                _setup.Counters.RecordLookup(isHit: true, lookup);
                Answer(pending, found, lookup);
                return null;
            }

            var flight = _flights.FindOrBegin(key, pending, out var isNew);
            var fate = flight is null ? FlightFate.FliesAlone : isNew ? FlightFate.Leads : _flights.Wait(flight, pending, isNew);
            if (fate == FlightFate.Landed)
            {
                continue;
            }

            if (fate == FlightFate.Leads && FindNow(key, out lookup) is { } late)
            {
                // Between the two looks another flight has landed.
                lookup = _time.GetElapsedTime(started);
                _setup.Counters.RecordLookup(isHit: true, lookup);
                Answer(pending, late, lookup, keepsCount: true);
                AnswerAll(flight!, late, lookup);
                return null;
            }

            _setup.Counters.RecordLookup(isHit: false, lookup);
            if (fate == FlightFate.Leads)
            {
                flight!.Lookup = lookup;
                return Lead(flight, pending);
            }

            return fate switch
            {
                FlightFate.Waits => null,
                FlightFate.Gone => GoneError(pending),
                _ => _setup.Scheduler.TryEnqueue(pending),
            };
        }
    }

    /// <summary>A lookup takes its time: whoever it is for waits like the others, so that its client may go and its deadline pass meanwhile.</summary>
    private InferenceError? TryAcceptShared(CacheKey key, PendingInference pending)
    {
        FlightFate fate;
        do
        {
            var flight = _flights.FindOrBegin(key, pending, out var isNew);
            fate = flight is null ? FlightFate.FliesAlone : _flights.Wait(flight, pending, isNew);
            if (isNew)
            {
                // Whatever has become of the first: others may have come.
                _ = LookUpAsync(flight!);
            }
        }
        while (fate == FlightFate.Landed);

        return fate switch
        {
            FlightFate.Waits => null,
            FlightFate.Gone => GoneError(pending),
            _ => _setup.Scheduler.TryEnqueue(pending),
        };
    }

    private async Task LookUpAsync(CacheFlight flight)
    {
        var started = _time.GetTimestamp();
        var found = await _setup.Cache.FindAsync(flight.Key).ConfigureAwait(false);
        flight.Lookup = _time.GetElapsedTime(started);
        if (found is not null && !AnswerCheck.Fits(found, _setup.Config, flight.Wanted, mayLackOutputs: _isEnsemble))
        {
            found.Dispose();
            found = null;
        }

        _setup.Counters.RecordLookup(found is not null, flight.Lookup);
        if (found is null)
        {
            PassOn(flight);
        }
        else
        {
            AnswerAll(flight, found, flight.Lookup);
        }
    }

    private CachedAnswer? FindNow(CacheKey key, out TimeSpan lookup)
    {
        var started = _time.GetTimestamp();
        var found = _setup.Cache.FindAsync(key);
        lookup = _time.GetElapsedTime(started);

        // A cache in memory has its answer at once.
        return found.IsCompletedSuccessfully ? found.Result : null;
    }

    /// <summary>Hands a request to the scheduler, with those in mind that wait for it.</summary>
    private InferenceError? Lead(CacheFlight flight, PendingInference pending)
    {
        pending.Observer = flight;
        var error = _setup.Scheduler.TryEnqueue(pending);
        if (error is not null)
        {
            pending.Observer = null;
            PassOn(flight);
        }

        return error;
    }

    /// <summary>The next one of those that wait runs. One that fails before it has been handed over has the one after it run here, and not on top of the stack: there may be thousands.</summary>
    private void PassOn(CacheFlight flight)
    {
        if (!flight.BeginPassing())
        {
            return;
        }

        do
        {
            RunNext(flight);
        }
        while (flight.EndPassing());
    }

    /// <summary>Has the next one run; those that are refused meanwhile are told so.</summary>
    private void RunNext(CacheFlight flight)
    {
        while (_flights.TakeNext(flight) is { } next)
        {
            var pending = next.Pending;
            pending.Observer = flight;
            if (_setup.Scheduler.TryEnqueue(pending) is not { } error)
            {
                return;
            }

            pending.Observer = null;
            Refuse(pending, error);
        }
    }

    private void AnswerAll(CacheFlight flight, CachedAnswer found, TimeSpan lookup)
    {
        foreach (var waiter in _flights.Land(flight))
        {
            Answer(waiter.Pending, found, lookup, keepsCount: true);
        }

        found.Dispose();
    }

    private void Answer(PendingInference pending, CachedAnswer found, TimeSpan lookup, bool keepsCount = false)
    {
        Answer(pending, found.Outputs, found.Parameters, lookup);
        if (!keepsCount)
        {
            found.Dispose();
        }
    }

    /// <summary>Answers a request with the outputs of another one, which the caller keeps alive meanwhile.</summary>
    private void Answer(PendingInference pending, ReadOnlySpan<TensorView> outputs, IReadOnlyDictionary<string, ParameterValue> parameters, TimeSpan lookup)
    {
        var request = pending.Request;
        var views = Arrange(pending, outputs);
        request.ReleaseInputs();
        var response = new InferenceResponse(request.Id, request.DetachLease(), views, parameters);
        var total = _time.GetElapsedTime(pending.EnqueuedTimestamp);
        _setup.Statistics.RecordCacheHit(total, lookup);
        if (request.Record is { } record)
        {
            record.IsFromCache = true;
            record.AddOutput(response.Bytes);
        }

        if (!pending.TryComplete(InferenceOutcome.Success(response)))
        {
            response.Dispose();
        }
    }

    /// <summary>The outputs as a request wants them, each with a count of its own.</summary>
    private TensorView[] Arrange(PendingInference pending, ReadOnlySpan<TensorView> outputs)
    {
        var views = new TensorView[outputs.Length];
        for (int i = 0, count = 0; count < views.Length; i++)
        {
            // An ensemble may have left some out.
            var name = pending.OutputOrder is null ? _setup.Config.Outputs[i].Name : pending.Request.RequestedOutputs[i];
            if (PlaceOf(name, outputs, count) is >= 0 and var place)
            {
                views[count++] = outputs[place];
            }
        }

        foreach (var view in views)
        {
            view.Acquire();
        }

        return views;
    }

    /// <summary>Where an output is, most often where it should be; -1 when it is not there.</summary>
    private static int PlaceOf(string name, ReadOnlySpan<TensorView> outputs, int expected)
    {
        if (outputs[expected].Name == name)
        {
            return expected;
        }

        for (var i = 0; i < outputs.Length; i++)
        {
            if (outputs[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private void Keep(CacheFlight flight, InferenceResponse response)
    {
        var started = _time.GetTimestamp();
        if (_setup.Cache.HasRoomFor(CachedAnswer.Measure(response.Outputs, response.Parameters)) && CachedAnswer.TryCopy(response.Outputs, response.Parameters) is { } answer)
        {
            _setup.Cache.Store(flight.Key, answer, this);
            answer.Dispose();
            _setup.Counters.RecordInsertion(_time.GetElapsedTime(started));
        }

        _setup.Statistics.RecordCacheMiss(flight.Lookup + _time.GetElapsedTime(started));
    }

    /// <summary>The client of a request that waited has gone, or its deadline has passed: it leaves alone.</summary>
    public void GiveUp(PendingInference pending) => Fail(pending, FailureReason.Cancelled, GoneError(pending));

    private InferenceError GoneError(PendingInference pending) => pending.DescribeEnd(_time.GetTimestamp());

    private void Fail(PendingInference pending, FailureReason reason, InferenceError error)
    {
        _setup.Statistics.RecordFailure(reason, _time.GetElapsedTime(pending.EnqueuedTimestamp));
        pending.Fail(error);
    }

    /// <summary>As the engine does with one that is refused at once.</summary>
    private void Refuse(PendingInference pending, InferenceError error)
    {
        if (error.Code is ErrorCode.Cancelled)
        {
            Fail(pending, FailureReason.Cancelled, error);
            return;
        }

        if (pending.IsTooLate)
        {
            _setup.Statistics.RecordFailure(FailureReason.Rejected, TimeSpan.Zero);
        }
        else
        {
            _setup.Statistics.RecordRefusal(pending.Refusal ?? RefusalReason.NoCapacity);
        }

        pending.Refuse(error);
    }
}
