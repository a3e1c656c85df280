using Xunit;

namespace InferenceServer.Protocols.KServe.Tests;

/// <summary>Tests that count allocations run alone, since they count on what the shared pools hold.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AllocationCollection
{
    public const string Name = "allocations";
}
