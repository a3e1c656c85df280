using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Routing;

/// <summary>That a request came by an alias: it goes with the request and tells the alias of its end.</summary>
internal sealed class AliasPass(AliasRegistry registry, AliasRoute route, RoutedTarget target, TimeProvider time)
{
    private long _begun;
    private bool _hasBegun;
    private bool _isDecoupled;
    private int _ended;

    public AliasRoute Route => route;

    /// <summary>The request has been read and goes to its model.</summary>
    public void Begin(bool isDecoupled)
    {
        _begun = time.GetTimestamp();
        _hasBegun = true;
        _isDecoupled = isDecoupled;
    }

    /// <summary>The request has ended. Called on a lane's thread, before the client's answer leaves: what follows from it holds for every later request.</summary>
    public void End(in InferenceOutcome outcome)
    {
        if (!_hasBegun || Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        var elapsed = time.GetElapsedTime(_begun);
        var kind = OutcomePolicy.Judge(outcome.Error, _isDecoupled);
        target.Counters.Record(kind == OutcomeKind.Failure, elapsed);
        if (target.Window is not { } window || route.Config.Rollback is not { } rule)
        {
            return;
        }

        var isSlow = OutcomePolicy.IsSlow(kind, _isDecoupled, elapsed, rule.MaxLatency);
        if (kind is OutcomeKind.Mistake || (kind is OutcomeKind.GivenUp && !isSlow))
        {
            return;
        }

        var counts = window.Record(kind == OutcomeKind.Failure, isSlow);
        if (RollbackPolicy.Decide(rule, counts) is { } decision)
        {
            registry.RollBack(route, target.Target, decision);
        }
    }
}
