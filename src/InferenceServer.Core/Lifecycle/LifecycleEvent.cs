using System.Collections.Immutable;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What the lifecycle loop reacts to, one at a time.</summary>
internal abstract record LifecycleEvent
{
    /// <summary>Another wanted set.</summary>
    public sealed record Aspired(ImmutableArray<AspiredModel> Models) : LifecycleEvent;

    /// <summary>One more wanted model, or the same in another form.</summary>
    public sealed record LoadRequested(LoadTicket Ticket) : LifecycleEvent;

    /// <summary>A model that is not wanted any more.</summary>
    public sealed record UnloadRequested(string Name, TaskCompletionSource Begun) : LifecycleEvent;

    /// <summary>A request waits for a model that is loaded on demand.</summary>
    public sealed record Demanded(ColdStart Start) : LifecycleEvent;

    /// <summary>What takes memory is to be looked at again.</summary>
    public sealed record MemoryLookedAt : LifecycleEvent;

    /// <summary>A version is loaded and warms up.</summary>
    public sealed record WarmupBegan(Incarnation Incarnation) : LifecycleEvent;

    /// <summary>A load has ended, well or not.</summary>
    public sealed record LoadEnded(Incarnation Incarnation, ModelLoadResult Result, TimeSpan Duration) : LifecycleEvent;

    /// <summary>An unload has ended.</summary>
    public sealed record UnloadEnded(Incarnation Incarnation, bool IsFreed) : LifecycleEvent;
}
