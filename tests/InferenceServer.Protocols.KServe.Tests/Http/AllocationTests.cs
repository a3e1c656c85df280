using System.IO.Pipelines;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Bodies are read into native memory, and answers written from it, without an object for any of their elements.</summary>
[Collection(AllocationCollection.Name)]
public sealed class AllocationTests
{
    /// <summary>What a pipe's list of at most 256 spare segments and a pool may take more, in bytes. An object for each element would be millions.</summary>
    private const int Slack = 8192;

    private const int Most = 1_000_000;

    private static readonly TensorPool s_pool = new(new TensorPoolOptions());

    public static TheoryData<TensorDataType, bool> Types
    {
        get
        {
            var types = new TheoryData<TensorDataType, bool>();
            foreach (var type in TensorDataTypes.All)
            {
                types.Add(type, false);
                types.Add(type, true);
            }

            return types;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void JsonReading_AllocatesNothingByElement(TensorDataType type, bool isNested)
    {
        var model = EchoModel.Config("echo", 0, ("IN", "OUT", type, isNested ? [-1, 10] : [-1]));
        AssertTheSame(elements => Reading(model, ElementTexts.Request(type, elements, isNested), null));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void BinaryReading_AllocatesNothingByElement(TensorDataType type, bool isRaw)
    {
        // A body alone is one element of BYTES.
        var model = EchoModel.Config("echo", 0, ("IN", "OUT", type, [isRaw && type == TensorDataType.Bytes ? 1 : -1]));
        AssertTheSame(elements =>
        {
            var data = ElementTexts.Data(type, elements);
            var json = System.Text.Encoding.UTF8.GetBytes($"{{\"inputs\":[{{\"name\":\"IN\",\"datatype\":\"{type.ProtocolName()}\",\"shape\":[{elements}],\"parameters\":{{\"binary_data_size\":{data.Length}}}}}]}}");
            return isRaw ? Reading(model, data, 0) : Reading(model, [.. json, .. data], json.Length);
        });
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Writing_AllocatesNothingByElement(TensorDataType type, bool isBinary) => AssertTheSame(elements => Writing(type, elements, isBinary));

    private static Action Writing(TensorDataType type, int elements, bool isBinary)
    {
        var data = ElementTexts.Data(type, elements);
        var model = EchoModel.Of("echo", type, -1).Served;
        return () =>
        {
            var buffer = new CountingAllocator().Rent(data.Length);
            data.CopyTo(buffer.Span);
            Assert.True(model.TryAcquire());
            using var response = new InferenceResponse("id", new ModelLease(model), [new TensorView("OUT", type, new TensorShape(elements), buffer)]);
            using var header = new InferHeader { SendsBinary = isBinary };
            var context = new DefaultHttpContext();
            var sink = new SinkBody();
            context.Features.Set<IHttpResponseBodyFeature>(sink);
            AllocationMeter.Start();
            Assert.True(InferResponseWriter.WriteAsync(context, response, header, s_pool) is { IsCompletedSuccessfully: true, Result: true });
            AllocationMeter.Stop();
            Assert.True(sink.Written > elements);
            Assert.Equal(isBinary, context.Response.Headers.ContainsKey(InferResponseWriter.HeaderLengthName));
        };
    }

    /// <summary>Reads a body over a pipe as the web server has it.</summary>
    private static Action Reading(ModelConfig model, byte[] body, int? headerLength) => () =>
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        pipe.Writer.WriteAsync(body).AsTask().GetAwaiter().GetResult();
        pipe.Writer.Complete();
        var context = new DefaultHttpContext();
        context.Features.Set<IRequestBodyPipeFeature>(new BodyPipe(pipe.Reader));
        context.Request.ContentLength = body.Length;
        if (headerLength is { } length)
        {
            context.Request.Headers[InferResponseWriter.HeaderLengthName] = length.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        using var header = new InferHeader();
        var reader = new InferRequestReader(new CountingAllocator(), new KServeHttpOptions { MaxInputSize = 1 << 28 });
        AllocationMeter.Start();
        var reading = reader.ReadAsync(context.Request, model, header);
        Assert.True(reading.IsCompletedSuccessfully);
        Assert.Null(reading.Result);
        AllocationMeter.Stop();
        pipe.Reader.Complete();
    };

    private static void AssertTheSame(Func<int, Action> make)
    {
        var limit = AllocationMeter.Measure(make(100)) + Slack;
        Assert.InRange(AllocationMeter.Measure(make(10_000), limit), 0, limit);
        Assert.InRange(AllocationMeter.Measure(make(Most), limit), 0, limit);
    }

    private sealed class BodyPipe(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = reader;
    }
}
