using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class ModelInferTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

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
    [InlineData("FP16")]
    [InlineData("FP32")]
    [InlineData("FP64")]
    [InlineData("BF16")]
    [InlineData("BYTES")]
    public async Task ModelInfer_RawContents_ComeBackUnchanged(string datatype)
    {
        await using var server = await RpcServer.StartAsync();
        var data = datatype == "BYTES" ? Messages.Strings("one", "", "drei", "\0", "ü", "6") : [.. Enumerable.Range(1, 6 * Messages.SizeOf(datatype)).Select(static i => (byte)(i % 2))];

        var response = await server.Client.ModelInferAsync(Messages.Raw(datatype, [2, 3], data), cancellationToken: Stop);

        var output = Assert.Single(response.Outputs);
        Assert.Equal(("IN", datatype), (output.Name, output.Datatype));
        Assert.Equal([2, 3], output.Shape);
        Assert.Null(output.Contents);
        Assert.Equal(data, Assert.Single(response.RawOutputContents).ToByteArray());
    }

    public static TheoryData<string, InferTensorContents, byte[]> TypedContents => new()
    {
        { "BOOL", new() { BoolContents = { true, false, true } }, [1, 0, 1] },
        { "UINT8", new() { UintContents = { 0, 7, 255 } }, [0, 7, 255] },
        { "UINT16", new() { UintContents = { 0, 7, 65535 } }, Messages.Bytes<ushort>(0, 7, 65535) },
        { "UINT32", new() { UintContents = { 0, 7, uint.MaxValue } }, Messages.Bytes<uint>(0, 7, uint.MaxValue) },
        { "UINT64", new() { Uint64Contents = { 0, 7, ulong.MaxValue } }, Messages.Bytes<ulong>(0, 7, ulong.MaxValue) },
        { "INT8", new() { IntContents = { -128, 7, 127 } }, Messages.Bytes<sbyte>(-128, 7, 127) },
        { "INT16", new() { IntContents = { -32768, 7, 32767 } }, Messages.Bytes<short>(-32768, 7, 32767) },
        { "INT32", new() { IntContents = { int.MinValue, 7, int.MaxValue } }, Messages.Bytes(int.MinValue, 7, int.MaxValue) },
        { "INT64", new() { Int64Contents = { long.MinValue, 7, long.MaxValue } }, Messages.Bytes<long>(long.MinValue, 7, long.MaxValue) },
        { "FP32", new() { Fp32Contents = { 1.5f, float.NaN, float.NegativeInfinity } }, Messages.Bytes(1.5f, float.NaN, float.NegativeInfinity) },
        { "FP64", new() { Fp64Contents = { 1.5, double.NaN, double.MaxValue } }, Messages.Bytes(1.5, double.NaN, double.MaxValue) },
        { "BYTES", new() { BytesContents = { ByteString.CopyFromUtf8("a\0b"), ByteString.Empty, ByteString.CopyFromUtf8("ü") } }, Messages.Strings("a\0b", "", "ü") },
    };

    [Theory]
    [MemberData(nameof(TypedContents), DisableDiscoveryEnumeration = true)]
    public async Task ModelInfer_TypedContents_BecomeRawBytes(string datatype, InferTensorContents contents, byte[] expected)
    {
        await using var server = await RpcServer.StartAsync();

        var response = await server.Client.ModelInferAsync(Messages.Typed(datatype, [3], contents), cancellationToken: Stop);

        Assert.Equal(expected, Assert.Single(response.RawOutputContents).ToByteArray());
    }

    [Fact]
    public async Task ModelInfer_SeveralInputs_KeepTheirOrderAndSlots()
    {
        await using var server = await RpcServer.StartAsync();
        var request = Messages.Raw("UINT8", [2], [1, 2], [], [3]);
        request.Id = "seven";
        request.Inputs.Add(Messages.Input("FP32", [0, 4], name: "EMPTY"));
        request.Inputs.Add(Messages.Input("UINT8", [], name: "SCALAR"));

        var response = await server.Client.ModelInferAsync(request, cancellationToken: Stop);

        Assert.Equal(("echo", "3", "seven"), (response.ModelName, response.ModelVersion, response.Id));
        Assert.Equal(["IN", "EMPTY", "SCALAR"], response.Outputs.Select(static output => output.Name));
        Assert.Equal([2, 0, 1], response.RawOutputContents.Select(static raw => raw.Length));
        Assert.Equal(3, response.RawOutputContents[2][0]);
    }

    [Fact]
    public async Task ModelInfer_EmptyTensorWithoutContents_IsAccepted()
    {
        await using var server = await RpcServer.StartAsync();

        var response = await server.Client.ModelInferAsync(Messages.Typed("BYTES", [0], null), cancellationToken: Stop);

        Assert.True(Assert.Single(response.RawOutputContents).IsEmpty);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    public async Task ModelInfer_TensorOf40MB_ComesBackUnchanged(string? compression)
    {
        await using var server = await RpcServer.StartAsync();
        var data = new byte[40_000_000];
        new Random(1).NextBytes(data.AsSpan(0, 1_000_000));
        Metadata headers = compression is null ? [] : new() { { "grpc-internal-encoding-request", compression } };

        var response = await server.Client.ModelInferAsync(Messages.Raw("FP32", [10_000_000], data), headers, cancellationToken: Stop);

        Assert.True(response.RawOutputContents[0].Span.SequenceEqual(data));
    }

    [Fact]
    public async Task ModelInfer_Parameters_ReachTheEngine()
    {
        await using var server = await RpcServer.StartAsync();
        Dictionary<string, ParameterValue> seen = [];
        List<string> outputs = [];
        server.Engine.Handler = (request, _) =>
        {
            seen = request.Parameters;
            outputs = request.RequestedOutputs;
            return ValueTask.FromResult(FakeEngine.Echo(request));
        };
        var message = Messages.Raw("UINT8", [1], [7]);
        message.Parameters.Add("sequence_id", new InferParameter { StringParam = "s" });
        message.Parameters.Add("sequence_start", new InferParameter { BoolParam = true });
        message.Parameters.Add("priority", new InferParameter { Uint64Param = 2 });
        message.Parameters.Add("timeout", new InferParameter { Int64Param = 1000 });
        message.Parameters.Add("triton_enable_empty_final_response", new InferParameter { BoolParam = false });
        message.Parameters.Add("mine", new InferParameter { Uint64Param = ulong.MaxValue });
        message.Parameters.Add("ratio", new InferParameter { DoubleParam = 0.5 });
        message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "B", Parameters = { ["binary_data"] = new InferParameter { BoolParam = false } } });
        message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "A" });

        await server.Client.ModelInferAsync(message, cancellationToken: Stop);

        Assert.Equal(["B", "A"], outputs);
        Assert.Equal(6, seen.Count);
        Assert.Equal(ParameterValue.FromString("s"), seen["sequence_id"]);
        Assert.Equal(ParameterValue.FromBool(true), seen["sequence_start"]);
        Assert.Equal(ParameterValue.FromUInt64(2), seen["priority"]);
        Assert.Equal(ParameterValue.FromInt64(1000), seen["timeout"]);
        Assert.Equal(ParameterValue.FromUInt64(ulong.MaxValue), seen["mine"]);
        Assert.Equal(ParameterValue.FromDouble(0.5), seen["ratio"]);
    }

    [Fact]
    public async Task ModelInfer_ClientCancels_EngineIsTold()
    {
        await using var server = await RpcServer.StartAsync();
        var arrived = new TaskCompletionSource();
        var told = new TaskCompletionSource();
        server.Engine.Handler = async (request, clientGone) =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, clientGone).ContinueWith(static _ => { }, TaskScheduler.Default);
            told.SetResult();
            return FakeEngine.Echo(request);
        };
        using var client = new CancellationTokenSource();

        var call = server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), cancellationToken: client.Token);
        await arrived.Task.WaitAsync(s_patience, Stop);
        await client.CancelAsync();

        await told.Task.WaitAsync(s_patience, Stop);
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task ModelInfer_DeadlinePasses_EngineIsToldAndClientIsAnswered()
    {
        await using var server = await RpcServer.StartAsync();
        TimeSpan? seen = null;
        server.Engine.Handler = async (request, clientGone) =>
        {
            seen = request.TimeLimit;
            await Task.Delay(Timeout.Infinite, clientGone).ContinueWith(static _ => { }, TaskScheduler.Default);
            return FakeEngine.Refuse(request, ErrorCode.DeadlineExceeded, "too late");
        };
        var deadline = DateTime.UtcNow.AddSeconds(1);

        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), deadline: deadline, cancellationToken: Stop).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.NotNull(seen);
        Assert.InRange(seen.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task ModelInfer_NoDeadline_EngineSeesNone()
    {
        await using var server = await RpcServer.StartAsync();
        var seen = new TimeSpan?(TimeSpan.Zero);
        server.Engine.Handler = (request, _) =>
        {
            seen = request.TimeLimit ?? (request.Deadline - DateTimeOffset.UtcNow);
            return ValueTask.FromResult(FakeEngine.Echo(request));
        };

        await server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), cancellationToken: Stop);

        Assert.Null(seen);
    }

    [Fact]
    public async Task ModelInfer_Outputs_AreReleasedAfterTheyWereSent()
    {
        await using var server = await RpcServer.StartAsync();
        var data = Enumerable.Range(0, 1_000_000).Select(static i => (byte)(i % 200)).ToArray();

        // The allocator overwrites what is returned: an output that was returned before it was serialised would arrive overwritten.
        var responses = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => server.Client.ModelInferAsync(Messages.Raw("UINT8", [1_000_000], data), cancellationToken: Stop).ResponseAsync));

        Assert.All(responses, response => Assert.True(response.RawOutputContents[0].Span.SequenceEqual(data)));
        Assert.Equal(16, server.Engine.Memory.Rented);
    }

    [Fact]
    public async Task ModelInfer_ResponseOver2GiB_IsRefusedWithItsSize()
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Handler = static (request, _) =>
        {
            // Never read: only its length is.
            var huge = TensorBuffer.Adopt(request.Inputs[0].Pointer, 3_000_000_000, new MemoryStream());
            return ValueTask.FromResult(FakeEngine.Answer(request, [new TensorView("OUT", TensorDataType.UInt8, new TensorShape(3_000_000_000), huge)]));
        };

        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), cancellationToken: Stop).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Matches("^Response has byte size 30000000[0-9]{2} which exceeds gRPC's byte size limit 2147483647", failure.Status.Detail);
    }

    [Fact]
    public async Task ModelInfer_MessageOverTheLimit_IsRefused()
    {
        await using var server = await RpcServer.StartAsync(new KServeRpcOptions { MaxReceiveMessageBytes = 1000 });

        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelInferAsync(Messages.Raw("UINT8", [1000], new byte[1000]), cancellationToken: Stop).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Equal(0, server.Engine.Memory.Rented);
    }
}
