using System.Collections.Immutable;

namespace InferenceServer.Core.Scheduling;

/// <summary>How much may run at the same time in the whole process.</summary>
public sealed record RateLimiterOptions
{
    /// <summary>True when an execution has to have the resources that its instance's configuration asks for (<c>--rate-limit=execution_count</c>).</summary>
    public bool UsesResources { get; init; }

    /// <summary>How much there is of resources. One that is not listed is there as often as the instance that needs most of it asks for.</summary>
    public ImmutableArray<ResourceAmount> Resources { get; init; } = [];

    /// <summary>How many executions of all models may run at once; 0 for any number.</summary>
    public int MaxConcurrentExecutions { get; init; }
}
