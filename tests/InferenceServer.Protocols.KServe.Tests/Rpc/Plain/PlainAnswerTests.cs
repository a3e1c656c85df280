using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Tests.Http;
using InferenceServer.Testing.SharedMemory;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

public sealed class PlainAnswerTests
{
    private readonly CountingAllocator _allocator = new();

    public static TheoryData<string, int, bool> Answers => new()
    {
        { "", 0, false },
        { "id", 1, true },
        { "ünïcode and long: " + new string('x', 300), 3, true },
        { "large", 700_000, false },
        { "two steps", 128 << 10, true },
        { "four steps", 256 << 10, false },
        { "a little more", (128 << 10) + 1, false },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task WriteAsync_AnyResponse_IsTheGeneratedMessageByteByByte(string id, int elements, bool hasParameters)
    {
        var model = FakeModel.Create();
        Assert.True(model.TryAcquire());
        var parameters = hasParameters
            ? new Dictionary<string, ParameterValue> { ["text"] = ParameterValue.FromString("t"), ["flag"] = ParameterValue.FromBool(true), [""] = ParameterValue.FromInt64(-1), ["real"] = ParameterValue.FromDouble(0.5), ["large"] = ParameterValue.FromUInt64(ulong.MaxValue) }
            : null;
        using var response = new InferenceResponse(id, new ModelLease(model), [Tensor("A", new TensorShape(elements)), Tensor("b" + new string('n', 200), new TensorShape(1, elements, 1)), Tensor("", TensorShape.Scalar)], parameters);
        using var file = new SharedMemoryFile(elements + 1);
        using var regions = new SharedMemoryRegistry(new SharedMemoryOptions { AllowClients = true }, NullLogger<SharedMemoryRegistry>.Instance);
        Assert.Null(regions.RegisterSystem("r", file.Key, 0, (ulong)elements + 1));
        Assert.True(regions.TryClaim(new SharedMemoryRange("r", 0, elements), out var claim, out _));
        using var places = new SharedOutputs();
        places.Add("A", claim);
        await AssertWrittenAsync(response, null);
        await AssertWrittenAsync(response, places);
    }

    private static async Task AssertWrittenAsync(InferenceResponse response, SharedOutputs? shared)
    {
        Assert.True(InferResponseWriter.TryWrite(response, shared, out var message, out _));

        var size = PlainAnswer.Measure(response, shared);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await PlainAnswer.WriteAsync(pipe.Writer, response, shared, size, TestContext.Current.CancellationToken);
        await pipe.Writer.CompleteAsync();
        var written = await ReadAllAsync(pipe.Reader);

        var expected = message.ToByteArray();
        Assert.Equal(expected.Length, size);
        Assert.Equal(0, written[0]);
        Assert.Equal((uint)size, BinaryPrimitives.ReadUInt32BigEndian(written.AsSpan(1)));
        Assert.Equal(ModelInferResponse.Parser.ParseFrom(expected), ModelInferResponse.Parser.ParseFrom(written.AsSpan(5)));
        Assert.Equal(expected, written[5..]);
    }

    private static async Task<byte[]> ReadAllAsync(PipeReader reader)
    {
        using var all = new MemoryStream();
        await reader.CopyToAsync(all, TestContext.Current.CancellationToken);
        return all.ToArray();
    }

    private TensorView Tensor(string name, in TensorShape shape)
    {
        Assert.True(shape.TryGetElementCount(out var elements));
        var buffer = _allocator.Rent(elements);
        for (var i = 0; i < elements; i++)
        {
            buffer.Span[i] = (byte)(i * 7);
        }

        return new TensorView(name, TensorDataType.UInt8, shape, buffer);
    }
}
