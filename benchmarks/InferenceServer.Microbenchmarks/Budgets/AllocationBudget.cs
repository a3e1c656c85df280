using System.Diagnostics;
using System.Reflection;

namespace InferenceServer.Microbenchmarks.Budgets;

/// <summary>What one operation may allocate.</summary>
/// <param name="Bytes">In a build as it is published.</param>
/// <param name="Unoptimised">In one that is made for debuggers, where every call of an asynchronous method makes an object for its state.</param>
internal readonly record struct AllocationBudget(long Bytes, long Unoptimised)
{
    // The tests and the server come from one build.
    private static readonly bool s_isUnoptimised = typeof(AllocationBudget).Assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled == true;

    /// <summary>The same for both.</summary>
    public AllocationBudget(long bytes)
        : this(bytes, bytes)
    {
    }

    /// <summary>That of the build that runs.</summary>
    public long Here => s_isUnoptimised ? Unoptimised : Bytes;
}
