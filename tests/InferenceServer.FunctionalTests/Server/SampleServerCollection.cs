using Xunit;

namespace InferenceServer.FunctionalTests.Server;

[CollectionDefinition(Name)]
public sealed class SampleServerCollection : ICollectionFixture<SampleServer>
{
    public const string Name = "sample server";
}
