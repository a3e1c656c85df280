using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Routing;

/// <summary>That a request came by an alias: it goes with the request and tells the alias of its end.</summary>
internal sealed class AliasPass(AliasRegistry registry, AliasRoute route, RoutedTarget target, TimeProvider time)
{
    private long _begun;
    private bool _hasBegun;
    private bool _isDecoupled;
    private ITimer? _overdue;
    private int _ended;

    // Whether the window has the request already, which it may only once.
    private int _isInWindow;

    public AliasRoute Route => route;

    /// <summary>The request has been read and goes to its model.</summary>
    public void Begin(bool isDecoupled)
    {
        _begun = time.GetTimestamp();
        _hasBegun = true;
        _isDecoupled = isDecoupled;
        if (!isDecoupled && target.Window is not null && route.Config.Rollback?.MaxLatency is { } limit)
        {
            // A version that hangs ends no request: what is late counts when it is late, and not when it ends.
            _overdue = time.CreateTimer(static pass => ((AliasPass)pass!).CountOverdue(), this, limit + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The request has ended. Called on a lane's thread, before the client's answer leaves: what follows from it holds for every later request.</summary>
    public void End(in InferenceOutcome outcome)
    {
        if (!_hasBegun || Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        _overdue?.Dispose();
        var elapsed = time.GetElapsedTime(_begun);
        var kind = OutcomePolicy.Judge(outcome.Error, _isDecoupled);
        target.Counters.Record(kind == OutcomeKind.Failure, elapsed);
        if (target.Window is not { } window || route.Config.Rollback is not { } rule)
        {
            return;
        }

        var isSlow = OutcomePolicy.IsSlow(kind, _isDecoupled, elapsed, rule.MaxLatency);
        if (Volatile.Read(ref _isInWindow) == 0 && (kind == OutcomeKind.Mistake || (kind == OutcomeKind.GivenUp && !isSlow)))
        {
            return;
        }

        if (Interlocked.Exchange(ref _isInWindow, 1) == 0)
        {
            Decide(rule, window.Record(new WindowCounts(1, kind == OutcomeKind.Failure ? 1 : 0, isSlow ? 1 : 0)));
        }
        else if (kind == OutcomeKind.Failure)
        {
            Decide(rule, window.Record(new WindowCounts(0, 1, 0)));
        }
    }

    private void CountOverdue()
    {
        if (Volatile.Read(ref _ended) == 0 && Interlocked.Exchange(ref _isInWindow, 1) == 0)
        {
            Decide(route.Config.Rollback!, target.Window!.Record(new WindowCounts(1, 0, 1)));
        }
    }

    private void Decide(RollbackConfig rule, in WindowCounts counts)
    {
        if (RollbackPolicy.Decide(rule, counts) is { } decision)
        {
            registry.RollBack(route, target.Target, decision);
        }
    }
}
