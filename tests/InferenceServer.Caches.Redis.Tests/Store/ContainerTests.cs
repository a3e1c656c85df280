using DotNet.Testcontainers.Builders;
using Testcontainers.Redis;
using Xunit;
using static InferenceServer.Caches.Redis.Tests.Store.StoreFixture;

namespace InferenceServer.Caches.Redis.Tests.Store;

/// <summary>Other versions of Redis than the machine's own, where there is a container engine.</summary>
public sealed class ContainerTests
{
    [Theory]
    [InlineData("redis:6.2-alpine")]
    [InlineData("redis:7.4-alpine")]
    [InlineData("valkey/valkey:8-alpine")]
    public async Task Bytes_AreFoundAgain(string image)
    {
        RedisContainer container;
        try
        {
            container = new RedisBuilder(image).Build();
        }
        catch (DockerUnavailableException)
        {
            Assert.Skip("there is no container engine on this machine");
            return;
        }

        await using (container)
        {
            await container.StartAsync(TestContext.Current.CancellationToken);
            await using var store = Make(container.Hostname, container.GetMappedPublicPort(RedisBuilder.RedisPort));

            await RoundTripAsync(store);
        }
    }
}
