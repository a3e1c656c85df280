using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using Xunit;
using InputTensor = Inference.ModelInferRequest.Types.InferInputTensor;

namespace InferenceServer.FunctionalTests.Errors;

/// <summary>
/// The same wrong requests over gRPC: each gets its status code and a sentence that names the tensor or field, what was expected and what
/// came; then the next good request is answered.
/// </summary>
[Collection(SampleServerCollection.Name)]
public sealed class WrongRpcRequestTests(SampleServer sample)
{
    private static readonly (string Name, Action<ModelInferRequest> Change, StatusCode Code, string[] Words)[] s_requests =
    [
        ("unknown model", static m => m.ModelName = "nothing", StatusCode.NotFound, ["nothing"]),
        ("no model", static m => m.ModelName = "", StatusCode.NotFound, []),
        ("unknown version", static m => m.ModelVersion = "7", StatusCode.NotFound, ["add_sub", "7"]),
        ("version that is no number", static m => m.ModelVersion = "one", StatusCode.InvalidArgument, ["one"]),
        ("negative version", static m => m.ModelVersion = "-5", StatusCode.InvalidArgument, ["-5"]),
        ("version that overflows", static m => m.ModelVersion = "99999999999999999999", StatusCode.InvalidArgument, ["99999999999999999999"]),
        ("unknown input", static m => m.Inputs[1].Name = "INPUT9", StatusCode.InvalidArgument, ["INPUT9", "INPUT0", "INPUT1"]),
        ("missing input", static m => Drop(m, 1), StatusCode.InvalidArgument, ["INPUT1", "expected 2", "got 1"]),
        ("no input", static m => { Drop(m, 1); Drop(m, 0); }, StatusCode.InvalidArgument, ["INPUT0", "INPUT1", "expected 2", "got 0"]),
        ("duplicate input", static m => m.Inputs[1].Name = "INPUT0", StatusCode.InvalidArgument, ["INPUT0", "already exists"]),
        ("extra input", static m => Add(m, "EXTRA"), StatusCode.InvalidArgument, ["EXTRA", "expected 2", "got 3"]),
        ("unknown output", static m => m.Outputs.Add(Output("PRODUCT")), StatusCode.InvalidArgument, ["PRODUCT", "OUTPUT0"]),
        ("duplicate output", static m => m.Outputs.Add([Output("OUTPUT0"), Output("OUTPUT0")]), StatusCode.InvalidArgument, ["OUTPUT0", "already exists"]),
        ("wrong type", static m => m.Inputs[0].Datatype = "INT32", StatusCode.InvalidArgument, ["INPUT0", "INT32", "FP32"]),
        ("unknown type", static m => m.Inputs[0].Datatype = "FLOAT", StatusCode.InvalidArgument, ["INPUT0", "FLOAT"]),
        ("no type", static m => m.Inputs[0].Datatype = "", StatusCode.InvalidArgument, ["INPUT0"]),
        ("wrong inner dimension", static m => Shape(m, 0, 2, 8), StatusCode.InvalidArgument, ["INPUT0", "[-1,16]", "[2,8]"]),
        ("wrong rank", static m => Shape(m, 0, 16), StatusCode.InvalidArgument, ["INPUT0", "[-1,16]", "[16]"]),
        ("no dimension", static m => { Shape(m, 0); m.RawInputContents[0] = ByteString.CopyFrom(new byte[4]); }, StatusCode.InvalidArgument, ["INPUT0"]),
        ("batch over the limit", static m => { Rows(m, 0, 5); Rows(m, 1, 5); }, StatusCode.InvalidArgument, ["add_sub", "4", "5"]),
        ("batch of nothing", static m => { Rows(m, 0, 0); Rows(m, 1, 0); }, StatusCode.InvalidArgument, ["INPUT0", "0"]),
        ("inputs of different batches", static m => Rows(m, 1, 2), StatusCode.InvalidArgument, ["INPUT1", "2", "1"]),
        ("too few bytes", static m => m.RawInputContents[0] = ByteString.CopyFrom(new byte[60]), StatusCode.InvalidArgument, ["INPUT0", "64", "60"]),
        ("too many bytes", static m => m.RawInputContents[0] = ByteString.CopyFrom(new byte[68]), StatusCode.InvalidArgument, ["INPUT0", "64", "68"]),
        ("too few entries", static m => m.RawInputContents.RemoveAt(1), StatusCode.InvalidArgument, ["INPUT1", "add_sub"]),
        ("too many entries", static m => m.RawInputContents.Add(ByteString.CopyFrom(new byte[4])), StatusCode.InvalidArgument, ["raw_input_contents", "2", "3"]),
        ("raw and typed data", static m => m.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1f } }, StatusCode.InvalidArgument, ["INPUT0", "raw_input_contents"]),
        ("typed data in the wrong field", static m => { Typed(m); m.Inputs[0].Contents.Fp32Contents.Clear(); m.Inputs[0].Contents.IntContents.Add(Enumerable.Range(0, 16)); }, StatusCode.InvalidArgument, ["INPUT0", "FP32"]),
        ("typed data in two fields", static m => { Typed(m); m.Inputs[0].Contents.IntContents.Add(1); }, StatusCode.InvalidArgument, ["INPUT0"]),
        ("too few typed values", static m => { Typed(m); m.Inputs[0].Contents.Fp32Contents.RemoveAt(0); }, StatusCode.InvalidArgument, ["INPUT0", "64", "60"]),
        ("negative dimension", static m => Shape(m, 0, -1, 16), StatusCode.InvalidArgument, ["INPUT0", "-1"]),
        ("dimensions that overflow", static m => Shape(m, 0, 1L << 62, 16), StatusCode.InvalidArgument, ["INPUT0", "4611686018427387904"]),
        ("nine dimensions", static m => Shape(m, 0, 1, 1, 1, 1, 1, 1, 1, 1, 16), StatusCode.InvalidArgument, ["INPUT0", "9", "8"]),
        ("reserved parameter", static m => m.Parameters["triton_x"] = new InferParameter { BoolParam = true }, StatusCode.InvalidArgument, ["triton_"]),
        ("parameter of the wrong type", static m => m.Parameters["timeout"] = new InferParameter { StringParam = "5" }, StatusCode.InvalidArgument, ["timeout"]),
        ("shared memory that nobody registered", static m => { Shared(m, 0, "r", 64); m.RawInputContents.RemoveAt(0); }, StatusCode.NotFound, ["'r'", "INPUT0"]),
        ("shared memory and a raw entry", static m => Shared(m, 0, "r", 64), StatusCode.NotFound, ["'r'", "INPUT0"]),
        ("shared memory without a size", static m => m.Inputs[0].Parameters["shared_memory_region"] = new InferParameter { StringParam = "r" }, StatusCode.InvalidArgument, ["shared_memory_byte_size", "INPUT0"]),
    ];

    public static TheoryData<string> Names => [.. s_requests.Select(static request => request.Name)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task WrongRequest_IsRefusedByNameAndNumber(string name)
    {
        var (_, change, code, words) = s_requests.Single(candidate => candidate.Name == name);
        var message = Good();
        change(message);
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await sample.Server.Rpc.ModelInferAsync(message, cancellationToken: Token));
        Assert.Equal(code, exception.StatusCode);
        Assert.NotEmpty(exception.Status.Detail);
        Assert.All(words, word => Assert.Contains(word, exception.Status.Detail, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("Exception", exception.Status.Detail, StringComparison.Ordinal);
        var response = await sample.Server.Rpc.ModelInferAsync(Good(), cancellationToken: Token);
        Assert.Equal(2, response.RawOutputContents.Count);
    }

    private static void Shared(ModelInferRequest message, int input, string region, long byteSize)
    {
        message.Inputs[input].Parameters["shared_memory_region"] = new InferParameter { StringParam = region };
        message.Inputs[input].Parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = byteSize };
    }

    private static ModelInferRequest Good()
    {
        var message = new ModelInferRequest { ModelName = "add_sub" };
        Add(message, "INPUT0");
        Add(message, "INPUT1");
        return message;
    }

    private static void Add(ModelInferRequest message, string name)
    {
        message.Inputs.Add(new InputTensor { Name = name, Datatype = "FP32", Shape = { 1, 16 } });
        message.RawInputContents.Add(ByteString.CopyFrom(new byte[64]));
    }

    private static void Drop(ModelInferRequest message, int index)
    {
        message.Inputs.RemoveAt(index);
        message.RawInputContents.RemoveAt(index);
    }

    private static void Shape(ModelInferRequest message, int index, params long[] shape)
    {
        message.Inputs[index].Shape.Clear();
        message.Inputs[index].Shape.Add(shape);
    }

    private static void Rows(ModelInferRequest message, int index, int rows)
    {
        Shape(message, index, rows, 16);
        message.RawInputContents[index] = ByteString.CopyFrom(new byte[rows * 64]);
    }

    private static void Typed(ModelInferRequest message)
    {
        message.RawInputContents.Clear();
        foreach (var input in message.Inputs)
        {
            input.Contents = new InferTensorContents { Fp32Contents = { Enumerable.Repeat(1f, 16) } };
        }
    }

    private static ModelInferRequest.Types.InferRequestedOutputTensor Output(string name) => new() { Name = name };
}
