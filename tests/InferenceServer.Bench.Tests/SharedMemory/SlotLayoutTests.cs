using CsCheck;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.SharedMemory;
using Xunit;

namespace InferenceServer.Bench.Tests.SharedMemory;

public sealed class SlotLayoutTests
{
    private static readonly Gen<int[][]> s_sizes = Gen.Int[0, 9000].Array[1, 3].Array[1, 4];

    [Fact]
    public void Places_OfAnySizes_AreWithinTheirSlotAndApart() => s_sizes.Sample(static sizes =>
    {
        var layout = new SlotLayout(Workload(sizes));
        for (var slot = 0; slot < 3; slot++)
        {
            var inputs = sizes.SelectMany((_, request) => layout.Inputs("in", slot, request)).ToArray();
            AssertApart(inputs, slot * layout.InputBytes, layout.InputBytes);
            for (var request = 0; request < sizes.Length; request++)
            {
                Assert.Equal(sizes[request].Select(static size => (long)size), layout.Inputs("in", slot, request).Select(static place => place.ByteSize));
                AssertApart([.. layout.Outputs("out", slot, request)], slot * layout.OutputBytes, layout.OutputBytes);
            }
        }
    });

    [Fact]
    public void Outputs_WithASizeGiven_HaveIt()
    {
        var workload = Workload([[10, 20]]) with { Plan = new SharedMemoryPlan(5000) };

        var outputs = new SlotLayout(workload).Outputs("out", 1, 0);

        Assert.Equal([5000, 5000], outputs.Select(static place => place.ByteSize));
        Assert.True(outputs[1].Offset >= outputs[0].Offset + 5000);
    }

    private static SharedWorkload Workload(int[][] sizes)
    {
        Tensor[] Tensors(int[] ofOne) => [.. ofOne.Select(static (size, i) => new Tensor($"t{i}", "UINT8", [size], new byte[size]))];
        return new SharedWorkload([.. sizes.Select(one => InferRequest.Plain("m", Tensors(one)))], [.. sizes.Select(one => new Answer("m", Tensors(one)))], [], new SharedMemoryPlan(null), false);
    }

    private static void AssertApart(SharedPlace[] places, long begin, long length)
    {
        var free = begin;
        foreach (var place in places)
        {
            Assert.True(place.Offset >= free && place.Offset < begin + length, $"{place}");
            free = place.Offset + place.ByteSize;
        }

        Assert.True(free <= begin + length);
    }
}
