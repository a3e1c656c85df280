using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

[CollectionDefinition(Name)]
public sealed class BesiegedServerCollection : ICollectionFixture<BesiegedServer>
{
    public const string Name = "besieged server";
}
