using System.Globalization;
using InferenceServer.Microbenchmarks.Budgets;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Allocations;

/// <summary>What the whole server allocates for one request once it is warm, as its own counter tells: within a budget, and for a large tensor as for a small one but for what the transport takes for its pieces.</summary>
public sealed class ServerAllocationTests(ITestOutputHelper output)
{
    private const int SmallElements = 16;
    private const int LargeElements = 1_000_000;

    /// <summary>Enough of them that a piece of memory which the counter has seen handed out and nobody has used yet is next to nothing for each.</summary>
    private const int SmallRequests = 2000;

    private const int LargeRequests = 10;

    public static TheoryData<string> Doors => [.. AllocatingDoor.Names];

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task SmallRequest_KeepsItsBudget(string door)
    {
        using var repository = new TemporaryDirectory();
        repository.Write("add_sub/1/model.onnx", SampleOnnxModels.AddSub());
        await using var server = await AllocatingServer.StartAsync(repository.FullPath);
        var ask = AllocatingDoor.Open(door, server, "add_sub", ["INPUT0", "INPUT1"], [1, SmallElements]);
        var budget = AllocationBudgets.Of($"server {door}").Here;

        var bytes = await AllocationCounter.MeasureAsync(server, ask, SmallRequests, budget);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{door}: {bytes:0} bytes a request"));
        Assert.InRange(bytes, 0, budget);
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task LargeRequest_AllocatesWhatASmallOneDoes(string door)
    {
        using var repository = new TemporaryDirectory();
        repository.Write("double/1/model.onnx", new OnnxModelBuilder().Input("X", OnnxElementType.Float, "rows", "n").Output("Y", OnnxElementType.Float, "rows", "n").Node("Add", ["X", "X"], ["Y"]).Build());
        await using var server = await AllocatingServer.StartAsync(repository.FullPath);
        var small = AllocatingDoor.Open(door, server, "double", ["X"], [1, SmallElements]);
        var large = AllocatingDoor.Open(door, server, "double", ["X"], [1, LargeElements]);
        var budget = AllocationBudgets.Of($"server {door} of a small request").Here;

        var ofSmall = await AllocationCounter.MeasureAsync(server, small, SmallRequests, budget);
        var limit = Math.Min(ofSmall, budget) + AllocationBudgets.Of($"server {door} more for a million elements").Here;
        var ofLarge = await AllocationCounter.MeasureAsync(server, large, LargeRequests, limit);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{door}: {ofSmall:0} bytes a request of {SmallElements} elements, {ofLarge:0} of {LargeElements}"));
        Assert.InRange(ofLarge, 0, limit);
    }
}
