using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

[CollectionDefinition(Name)]
public sealed class BenchedServerCollection : ICollectionFixture<BenchedServer>
{
    public const string Name = "benched server";
}
