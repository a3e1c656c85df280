using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Routing;

/// <summary>
/// Sends copies of requests to shadows. A copy shares the tensors of its request by count, has a lease, a time limit and a place of its own,
/// and runs on a thread of the pool: the client's request neither waits for it nor learns of it.
/// </summary>
internal sealed class ShadowSender : IDisposable
{
    /// <summary>The most bytes of tensors that all copies together may keep from being freed.</summary>
    public const long MaxBytes = 256 << 20;

    private readonly IInferenceEngine _engine;
    private readonly ServerPhase _phase;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private long _bytes;

    public ShadowSender(IInferenceEngine engine, ServerPhase phase, TimeProvider time, ILogger<ShadowSender> logger)
    {
        _engine = engine;
        _phase = phase;
        _time = time;
        _logger = logger;
        _ = phase.Stopping.ContinueWith(static (_, stopping) => ((CancellationTokenSource)stopping!).Cancel(), _stopping, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Where chance comes from.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>Makes a copy of a request that is about to be handed over; null when it gets none.</summary>
    public ShadowRequest? Copy(AliasRoute route, InferenceRequest request)
    {
        if (route.Config.Shadow is not { } shadow || _phase.IsStopping || (shadow.Fraction < 1 && Random.NextDouble() >= shadow.Fraction))
        {
            return null;
        }

        var counters = route.Counters.Shadow;
        if (request.Lease.Model.Config.IsDecoupled)
        {
            counters.Drop(ShadowDrop.Decoupled);
            return null;
        }

        if (!counters.TryEnter(shadow.MaxInFlight))
        {
            counters.Drop(ShadowDrop.InFlight);
            return null;
        }

        var bytes = request.Inputs.Sum(static input => input.Length);
        if (Interlocked.Add(ref _bytes, bytes) > MaxBytes)
        {
            Release(counters, bytes);
            counters.Drop(ShadowDrop.Memory);
            return null;
        }

        return new ShadowRequest(this, shadow, counters, request, bytes);
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>Gives a copy's place and memory back.</summary>
    internal void Release(ShadowCounters counters, long bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        counters.Leave();
    }

    /// <summary>Runs a copy to its end, which is counted and no more.</summary>
    internal async Task RunAsync(ShadowRequest copy)
    {
        try
        {
            await AskAsync(copy).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Whatever it is, it is the shadow's alone.
            copy.Counters.Fail();
            RoutingLog.ShadowThrew(_logger, exception, copy.Shadow.Model);
        }
        finally
        {
            copy.Dispose();
        }
    }

    private async Task AskAsync(ShadowRequest copy)
    {
        using var timeout = new CancellationTokenSource(copy.Shadow.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
        var acquired = await _engine.AcquireAsync(copy.Shadow.Model, copy.VersionText, either.Token).ConfigureAwait(false);
        if (!acquired.TryGet(out var lease, out _))
        {
            copy.Counters.Drop(ShadowDrop.NotReady);
            return;
        }

        if (FindDrop(copy, lease.Model) is { } reason)
        {
            lease.Dispose();
            copy.Counters.Drop(reason);
            return;
        }

        copy.Counters.Send();
        var outcome = await _engine.InferAsync(copy.MoveTo(lease), either.Token).ConfigureAwait(false);
        if (outcome.IsSuccess)
        {
            outcome.Response.Dispose();
        }
        else if (!_stopping.IsCancellationRequested)
        {
            copy.Counters.Fail();
        }
    }

    private static ShadowDrop? FindDrop(ShadowRequest copy, ServedModel model) =>
        ReferenceEquals(model, copy.Answering) ? ShadowDrop.SameVersion
        : model.Config.IsDecoupled ? ShadowDrop.Decoupled
        : null;
}
