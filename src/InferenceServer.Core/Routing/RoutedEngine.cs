using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Routing;

/// <summary>
/// Stands in front of the data plane: a name that is an alias is put in place of one of its targets, once a request. What names a model
/// itself passes straight through.
/// </summary>
internal sealed class RoutedEngine(IInferenceEngine inner, AliasRegistry aliases, ModelCatalog catalog, ShadowSender shadows, ServerPhase phase, TimeProvider time) : IInferenceEngine
{
    public ITensorAllocator Allocator => inner.Allocator;

    public RequestTracer Tracer => inner.Tracer;

    public RequestObserver Observer => inner.Observer;

    public ISharedMemoryTensors SharedMemory => inner.SharedMemory;

    /// <summary>Where chance comes from.</summary>
    public Random Random { get; init; } = Random.Shared;

    public string? FindStickyHeader(string modelName) => aliases.FindRoute(modelName)?.Config.StickyHeader;

    public ValueTask<LeaseOutcome> AcquireAsync(string modelName, string version, CancellationToken cancellationToken) => AcquireAsync(modelName, version, null, cancellationToken);

    public ValueTask<LeaseOutcome> AcquireAsync(string modelName, string version, string? stickyKey, CancellationToken cancellationToken)
    {
        if (aliases.FindRoute(modelName) is not { } route || phase.IsStopping)
        {
            return inner.AcquireAsync(modelName, version, cancellationToken);
        }

        if (version.Length > 0)
        {
            return ValueTask.FromResult(LeaseOutcome.Failure(AliasErrors.NoVersions(route.Config, version)));
        }

        var place = route.Choose(0, stickyKey, Random);
        var chosen = route.Targets[place];
        return catalog.TryAcquire(chosen.Target.Model, chosen.Target.VersionText, out var lease, out _)
            ? ValueTask.FromResult(LeaseOutcome.Success(Attach(lease, route, chosen)))
            : AcquireAsync(route, place, stickyKey, cancellationToken);
    }

    public ValueTask<InferenceOutcome> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Pass is not { } pass)
        {
            return inner.InferAsync(request, cancellationToken);
        }

        var copy = Begin(pass, request);
        ValueTask<InferenceOutcome> answer;
        try
        {
            answer = inner.InferAsync(request, cancellationToken);
        }
        catch
        {
            copy?.Dispose();
            throw;
        }

        if (!answer.IsCompletedSuccessfully)
        {
            copy?.Send();
            return answer;
        }

        var outcome = answer.Result;
        Settle(pass, copy, outcome.WasAccepted ? null : outcome.Error);
        return ValueTask.FromResult(outcome);
    }

    public InferenceStream StartStream(InferenceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Pass is not { } pass)
        {
            return inner.StartStream(request, cancellationToken);
        }

        var copy = Begin(pass, request);
        InferenceStream stream;
        try
        {
            stream = inner.StartStream(request, cancellationToken);
        }
        catch
        {
            copy?.Dispose();
            throw;
        }

        Settle(pass, copy, stream.Refusal);
        return stream;
    }

    private ShadowRequest? Begin(AliasPass pass, InferenceRequest request)
    {
        pass.Begin(request.Lease.Model.Config.IsDecoupled);

        // Before the request is handed over: afterwards its tensors may be gone at any moment.
        return shadows.Copy(pass.Route, request);
    }

    /// <summary>A request that was refused has no end of its own, and no copy: what a model cannot take says nothing about another.</summary>
    private static void Settle(AliasPass pass, ShadowRequest? copy, InferenceError? refusal)
    {
        if (refusal is null)
        {
            copy?.Send();
            return;
        }

        pass.End(InferenceOutcome.Failure(refusal));
        copy?.Dispose();
    }

    /// <summary>The target that was chosen does not serve now: it is waited for where it is loaded on demand, and otherwise its share goes to the others.</summary>
    private async ValueTask<LeaseOutcome> AcquireAsync(AliasRoute route, int place, string? stickyKey, CancellationToken cancellationToken)
    {
        InferenceError? said = null;
        for (var excluded = 0UL; place >= 0; place = route.Choose(excluded, stickyKey, Random))
        {
            var routed = route.Targets[place];
            var outcome = await inner.AcquireAsync(routed.Target.Model, routed.Target.VersionText, cancellationToken).ConfigureAwait(false);
            if (outcome.TryGet(out var lease, out var error))
            {
                return LeaseOutcome.Success(Attach(lease, route, routed));
            }

            if (error.Code == ErrorCode.Cancelled)
            {
                return outcome;
            }

            said ??= error;
            routed.Counters.Skip();
            excluded |= 1UL << place;
        }

        return LeaseOutcome.Failure(AliasErrors.NoTarget(route.Name, said!));
    }

    private ModelLease Attach(ModelLease lease, AliasRoute route, RoutedTarget routed)
    {
        lease.Pass = new AliasPass(aliases, route, routed, time);
        return lease;
    }
}
