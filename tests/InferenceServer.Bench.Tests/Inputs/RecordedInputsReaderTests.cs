using System.IO.Abstractions.TestingHelpers;
using System.Runtime.InteropServices;
using InferenceServer.Bench.Inputs;
using InferenceServer.Bench.Models;
using Xunit;

namespace InferenceServer.Bench.Tests.Inputs;

public sealed class RecordedInputsReaderTests
{
    private static readonly ModelMetadata _model = new("m", [new("a", "FP32", [-1, 2]), new("t", "BYTES", [-1, -1])], []);

    [Fact]
    public void Read_RowsByInput_GivesOneRequestAnEntry()
    {
        var requests = Read("""{"data": [{"a": [1, 2], "t": ["x", "yz", "w"]}, {"a": {"content": [[3, 4]], "shape": [2]}, "t": {"content": ["x"], "shape": [1, 1]}}]}""");

        Assert.Equal(2, requests.Count);
        Assert.Equal([1L, 2L], requests[0][0].Shape);
        Assert.Equal([1f, 2f], Floats(requests[0][0]));
        Assert.Equal([1L, 3L], requests[0][1].Shape);
        Assert.Equal([3f, 4f], Floats(requests[1][0]));
    }

    [Fact]
    public void Read_Base64_IsTakenAsItIs()
    {
        var bytes = MemoryMarshal.AsBytes<float>(new[] { 5f, 6f }).ToArray();

        var requests = Read($$$"""{"data": [{"a": {"b64": "{{{Convert.ToBase64String(bytes)}}}"}}]}""");

        Assert.Equal(bytes, requests[0][0].Data);
    }

    [Fact]
    public void Read_SeveralRows_PutsEntriesTogetherAndGoesRound()
    {
        var requests = Read("""{"data": [{"a": [1, 2]}, {"a": [3, 4]}, {"a": [5, 6]}]}""", rows: 2);

        Assert.Equal(2, requests.Count);
        Assert.Equal([2L, 2L], requests[1][0].Shape);
        Assert.Equal([5f, 6f, 1f, 2f], Floats(requests[1][0]));
    }

    [Fact]
    public void Read_ListsOfEntries_AreTakenOneAfterTheOther() => Assert.Equal(3, Read("""{"data": [[{"a": [1, 2]}, {"a": [3, 4]}], [{"a": [5, 6]}]]}""").Count);

    [Fact]
    public void Read_RequestsAsOverHttp_AreTaken()
    {
        const string Request = """{"id": "1", "inputs": [{"name": "a", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}]}""";

        Assert.Equal([1f, 2f, 3f, 4f], Floats(Read(Request)[0][0]));
        Assert.Equal(2, Read($"[{Request}, {Request}]").Count);
    }

    [Theory]
    [InlineData("""{"data": [{"b": [1]}]}""", "has no input 'b', but 'a', 't'")]
    [InlineData("""{"data": [{"a": [1, 2, 3]}]}""", "entry 0: input 'a' has 3 values for the shape [1,2]")]
    [InlineData("""{"data": [{"a": ["x"]}]}""", "'data.json'")]
    [InlineData("""{"data": []}""", "has no inputs")]
    [InlineData("""{"inputs": [{"name": "a", "datatype": "FP32", "shape": [1, 2], "data": [1]}]}""", "has 1 values, its shape [1,2] needs 2")]
    [InlineData("""{"inputs": [{"name": "a", "datatype": "INT32", "shape": [1, 2], "data": [1, 2]}]}""", "takes FP32 [-1,2]")]
    [InlineData("""{"inputs": [], "parameters": {}}""", "give them with --parameters")]
    [InlineData("""{"inputs": [], "outputs": []}""", "'outputs'")]
    [InlineData("""{"x": 1}""", "expected")]
    [InlineData("7", "expected")]
    [InlineData("{", "cannot be read")]
    public void Read_SomethingElse_SaysWhatIsWrong(string text, string message) =>
        Assert.Contains(message, Assert.Throws<BenchException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("UINT8", "256")]
    [InlineData("UINT8", "-1")]
    [InlineData("INT8", "128")]
    [InlineData("INT16", "40000")]
    [InlineData("INT32", "3000000000")]
    [InlineData("UINT64", "-1")]
    [InlineData("INT32", "1.5")]
    public void Read_ValueOutOfTheRangeOfItsType_IsRefused(string dataType, string value) =>
        Assert.Throws<BenchException>(() => Read($$"""{"data": [{"n": [{{value}}]}]}""", model: new ModelMetadata("m", [new("n", dataType, [1])], [])));

    private static IReadOnlyList<IReadOnlyList<Tensor>> Read(string text, int rows = 1, ModelMetadata? model = null)
    {
        var files = new MockFileSystem();
        files.AddFile("data.json", new MockFileData(text));
        return RecordedInputsReader.Read(files, "data.json", model ?? _model, new InputOptions { Rows = rows });
    }

    private static float[] Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray();
}
