using InferenceServer.FunctionalTests.Hostile;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Stores;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace InferenceServer.FunctionalTests.Server;

/// <summary>Begins with the tests that wait longest, so that others run meanwhile and nothing waits for them in the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] s_long = [typeof(SlowClientTests).FullName!, typeof(RemoteRepositoryTests).FullName!];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(static collection => Array.FindIndex(s_long, name => collection.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)) is >= 0 and var place ? place : s_long.Length)];
}
