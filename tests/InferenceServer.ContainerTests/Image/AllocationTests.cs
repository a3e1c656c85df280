using System.Globalization;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.FunctionalTests.Allocations;
using InferenceServer.Microbenchmarks.Budgets;
using Xunit;

namespace InferenceServer.ContainerTests.Image;

/// <summary>What the server as it is published allocates for a request: the limits that are promised, which a build for debuggers does not keep.</summary>
public sealed class AllocationTests(EngineFixture engine, ITestOutputHelper output)
{
    // Enough of them that a piece of memory which the counter has seen handed out and nobody has used yet is next to nothing for each.
    private const int Requests = 2000;

    [Fact]
    public async Task SmallRequests_KeepTheirBudgets()
    {
        engine.Require();
        await using var server = await ServerContainer.StartAsync(engine, flags: "--log-requests=failed");
        foreach (var door in AllocatingDoor.Names)
        {
            var budget = AllocationBudgets.Of($"server {door}").Bytes;

            var bytes = await AllocationCounter.MeasureAsync(server, AllocatingDoor.Open(door, server, "add_sub", ["INPUT0", "INPUT1"], [1, 16]), Requests, budget);

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{door}: {bytes:0} bytes a request"));
            Assert.InRange(bytes, 0, budget);
        }
    }
}
