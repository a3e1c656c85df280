using System.Text.Json;
using InferenceServer.Bench.Models;
using Xunit;

namespace InferenceServer.Bench.Tests.Models;

public sealed class TensorGeneratorTests
{
    [Theory]
    [InlineData("BOOL")]
    [InlineData("UINT8")]
    [InlineData("UINT16")]
    [InlineData("UINT32")]
    [InlineData("UINT64")]
    [InlineData("INT8")]
    [InlineData("INT16")]
    [InlineData("INT32")]
    [InlineData("INT64")]
    [InlineData("FP32")]
    [InlineData("FP64")]
    [InlineData("BYTES")]
    public void Inputs_EveryTypeWithAJsonForm_SurvivesJson(string dataType)
    {
        var tensor = TensorGenerator.Inputs(AddSub.Model(dataType), rows: 3)[0];
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            TensorJson.Write(writer, tensor);
        }

        using var document = JsonDocument.Parse(stream.ToArray());
        Assert.Equal(48, document.RootElement.GetArrayLength());
        Assert.Equal(tensor.Data, TensorJson.Read(document.RootElement, dataType));
    }

    [Fact]
    public void Inputs_Twice_AreTheSameBytesAndNotAllEqual()
    {
        var first = TensorGenerator.Inputs(AddSub.Model(), rows: 1);
        var second = TensorGenerator.Inputs(AddSub.Model(), rows: 1);

        Assert.Equal(first[0].Data, second[0].Data);
        Assert.NotEqual(first[0].Data, first[1].Data);
    }

    [Fact]
    public void Inputs_FreeDimensions_LeadingTakesRowsOthersOne()
    {
        var model = new ModelMetadata("m", [new("x", "INT8", [-1, 3, -1])], []);

        Assert.Equal([4L, 3L, 1L], TensorGenerator.Inputs(model, rows: 4)[0].Shape);
    }

    [Fact]
    public void Inputs_RowsForAFixedShape_AreRefused()
    {
        var model = new ModelMetadata("m", [new("x", "INT8", [2])], []);

        var error = Assert.Throws<BenchException>(() => TensorGenerator.Inputs(model, rows: 2));

        Assert.Contains("fixed shape [2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_TooLarge_AreRefused()
    {
        var model = new ModelMetadata("m", [new("x", "INT8", [-1, 1 << 20])], []);

        Assert.Throws<BenchException>(() => TensorGenerator.Inputs(model, rows: 65536));
    }
}
