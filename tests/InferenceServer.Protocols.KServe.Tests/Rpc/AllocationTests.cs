using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Tests.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>What the message holds goes to native memory and back without an object for any element.</summary>
[Collection(AllocationCollection.Name)]
public sealed class AllocationTests
{
    private const int Slack = 512;
    private const int Most = 1_000_000;

    public static TheoryData<TensorDataType> Types => [.. TensorDataTypes.All.ToArray()];

    [Theory]
    [MemberData(nameof(Types))]
    public void RawReading_AllocatesNothingByElement(TensorDataType type) =>
        AssertTheSame(elements => Reading(Messages.Raw(type.ProtocolName(), [elements], ElementTexts.Data(type, elements))));

    [Theory]
    [InlineData(TensorDataType.UInt8)]
    [InlineData(TensorDataType.Int64)]
    [InlineData(TensorDataType.Fp32)]
    [InlineData(TensorDataType.Bytes)]
    public void TypedReading_AllocatesNothingByElement(TensorDataType type) => AssertTheSame(elements =>
    {
        var contents = new InferTensorContents();
        for (var i = 0; i < elements; i++)
        {
            switch (type)
            {
                case TensorDataType.UInt8:
                    contents.UintContents.Add((uint)i % 256);
                    break;
                case TensorDataType.Int64:
                    contents.Int64Contents.Add(i);
                    break;
                case TensorDataType.Fp32:
                    contents.Fp32Contents.Add(i);
                    break;
                default:
                    contents.BytesContents.Add(ByteString.CopyFromUtf8("text"));
                    break;
            }
        }

        return Reading(Messages.Typed(type.ProtocolName(), [elements], contents));
    });

    [Theory]
    [MemberData(nameof(Types))]
    public void Writing_AllocatesNothingByElement(TensorDataType type) => AssertTheSame(elements =>
    {
        var data = ElementTexts.Data(type, elements);
        var model = FakeModel.Create();
        return () =>
        {
            var buffer = new CountingAllocator().Rent(data.Length);
            data.CopyTo(buffer.Span);
            Assert.True(model.TryAcquire());
            using var response = new InferenceResponse("id", new ModelLease(model), [new TensorView("OUT", type, new TensorShape(elements), buffer)]);
            AllocationMeter.Start();
            Assert.True(InferResponseWriter.TryWrite(response, null, out var message, out _));
            AllocationMeter.Stop();
            Assert.Equal(data.Length, message.RawOutputContents[0].Length);
        };
    });

    private static Action Reading(ModelInferRequest message)
    {
        var model = FakeModel.Create();
        var shared = new SharedTensors(new FakeEngine(new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance)), int.MaxValue);
        return () =>
        {
            Assert.True(model.TryAcquire());
            using var request = new InferenceRequest(new ModelLease(model));
            var allocator = new CountingAllocator();
            SharedOutputs? outputs = null;
            AllocationMeter.Start();
            Assert.Null(InferRequestReader.Read(message, request, allocator, shared, ref outputs));
            AllocationMeter.Stop();
        };
    }

    private static void AssertTheSame(Func<int, Action> make)
    {
        var limit = AllocationMeter.Measure(make(100)) + Slack;
        Assert.InRange(AllocationMeter.Measure(make(10_000), limit), 0, limit);
        Assert.InRange(AllocationMeter.Measure(make(Most), limit), 0, limit);
    }
}
