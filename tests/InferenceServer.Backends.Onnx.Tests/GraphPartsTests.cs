using CsCheck;
using InferenceServer.Backends.Onnx.Graphs;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>The pure parts behind kept graphs.</summary>
public sealed class GraphPartsTests
{
    [Theory]
    [InlineData(0, 100, "")]
    [InlineData(40, 100, "")]
    [InlineData(41, 100, "c")]
    [InlineData(71, 100, "c b")]
    [InlineData(100, 100, "c b a")]
    [InlineData(1, 10, "c b a")]
    public void Eviction_TakesThoseNotUsedForLongestAndNoMoreThanItMust(long newBytes, long maxBytes, string leaving)
    {
        var start = DateTime.UnixEpoch;
        KeptGraph[] kept = [new("a", 10, start.AddHours(3)), new("b", 20, start.AddHours(2)), new("c", 30, start.AddHours(1))];
        Assert.Equal(leaving, string.Join(' ', EvictionPlan.Make(kept, newBytes, maxBytes).Select(static one => one.Key)));
    }

    [Fact]
    public void ExternalData_IsFoundWhereverTensorsAre()
    {
        var body = new OnnxModelBuilder()
            .Input("i", OnnxElementType.Int64)
            .Output("o", OnnxElementType.Float, 1)
            .Initializer("inner", OnnxTensor.External(OnnxElementType.Float, [1], "inner.bin"))
            .Node("Identity", ["inner"], ["o"]);
        var model = new OnnxModelBuilder()
            .Output("y", OnnxElementType.Float, 1)
            .Initializer("own", OnnxTensor.Floats([1], 1))
            .Initializer("outer", OnnxTensor.External(OnnxElementType.Float, [1], "data/outer.bin"))
            .Node("Constant", [], ["c"], OnnxAttribute.Tensor("value", OnnxTensor.External(OnnxElementType.Float, [1], "constant.bin")))
            .Node("Loop", ["outer"], ["y"], OnnxAttribute.Graph("body", body))
            .Build();
        using var stream = new MemoryStream(model);
        Assert.Equal(["constant.bin", "data/outer.bin", "inner.bin"], ExternalData.Find(stream));
    }

    [Fact]
    public void ExternalData_OfAnyBytes_IsFoundOrRefused()
    {
        var model = new OnnxModelBuilder()
            .Output("y", OnnxElementType.Float, 1)
            .Initializer("outer", OnnxTensor.External(OnnxElementType.Float, [1], "outer.bin"))
            .Node("Identity", ["outer"], ["y"])
            .Build();
        Gen.Select(Gen.Int[0, model.Length - 1], Gen.Byte, Gen.Int[0, model.Length]).Sample(change =>
        {
            var bytes = model[..change.Item3];
            if (change.Item1 < bytes.Length)
            {
                bytes[change.Item1] = change.Item2;
            }

            using var stream = new MemoryStream(bytes);
            try
            {
                return ExternalData.Find(stream).Count <= 1;
            }
            catch (InvalidDataException)
            {
                return true;
            }
        });
    }
}
