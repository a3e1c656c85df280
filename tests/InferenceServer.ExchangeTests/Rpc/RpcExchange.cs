using System.Diagnostics;
using System.Numerics;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Inference;
using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Rpc;

/// <summary>Sends one recorded call: any rpc of the inference and health services, with messages from their JSON.</summary>
internal sealed class RpcExchange(GrpcChannel channel, TimeProvider time)
{
    private const int TimeoutMilliseconds = 60_000;

    /// <summary>A stream from the server alone, which is health's Watch, goes on until its caller has had enough.</summary>
    private const int WatchMilliseconds = 1000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly JsonFormatter s_formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));
    private static readonly Dictionary<string, MethodDescriptor> s_methods =
        GrpcServiceReflection.Descriptor.Services.Concat(HealthReflection.Descriptor.Services).SelectMany(static service => service.Methods).ToDictionary(static method => method.Name);

    /// <summary>Makes a first call, so that what is sent together is not held up by the opening of the connection.</summary>
    public Task WarmUpAsync(CancellationToken cancellation) => SendAsync(new JsonObject { ["rpc"] = nameof(GRPCInferenceService.GRPCInferenceServiceClient.ServerLive) }, cancellation);

    /// <returns>The answer, an error's code included.</returns>
    public async Task<RpcAnswer> SendAsync(JsonObject request, CancellationToken cancellation)
    {
        var descriptor = s_methods[request.Text("rpc")!];
        var metadata = new Metadata();
        foreach (var pair in request.List("metadata").Cast<List<object?>>())
        {
            metadata.Add((string)pair[0]!, (string)pair[1]!);
        }

        var deadline = time.GetUtcNow().AddMilliseconds(request.Number("deadline_ms") ?? (descriptor is { IsServerStreaming: true, IsClientStreaming: false } ? WatchMilliseconds : TimeoutMilliseconds)).UtcDateTime;
        var options = new CallOptions(metadata, deadline, cancellation);
        var responses = new ResponseList();
        var isStream = descriptor.IsServerStreaming || descriptor.IsClientStreaming;
        try
        {
            if (descriptor.IsClientStreaming)
            {
                await StreamAsync(descriptor, request, options, responses);
            }
            else if (descriptor.IsServerStreaming)
            {
                using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(Method(descriptor, MethodType.ServerStreaming), null, options, Message(descriptor, request["message"]));
                await ReadAsync(call.ResponseStream, responses);
            }
            else
            {
                using var call = channel.CreateCallInvoker().AsyncUnaryCall(Method(descriptor, MethodType.Unary), null, options, Message(descriptor, request["message"]));
                return new RpcAnswer("OK", "", Plain(await call), null);
            }

            return new RpcAnswer("OK", "", null, responses.Items);
        }
        catch (RpcException exception)
        {
            var code = exception.Status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } ? "" : NameOf(exception.StatusCode);
            return new RpcAnswer(code, exception.Status.Detail, null, isStream ? responses.Items : null);
        }
    }

    private async Task StreamAsync(MethodDescriptor descriptor, JsonObject request, CallOptions options, ResponseList responses)
    {
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Method(descriptor, MethodType.DuplexStreaming), null, options);
        var writing = WriteAsync(call.RequestStream, descriptor, request, responses);
        try
        {
            await ReadAsync(call.ResponseStream, responses);
        }
        finally
        {
            responses.End();
            await writing;
        }
    }

    /// <summary>Writes the requests: all at once, or each after the answer to the one before; a pause among them is waited for.</summary>
    private async Task WriteAsync(IClientStreamWriter<IMessage> stream, MethodDescriptor descriptor, JsonObject request, ResponseList responses)
    {
        try
        {
            var items = request.List("stream");
            for (var i = 0; i < items.Count && !responses.HasEnded; i++)
            {
                if (items[i] is JsonObject { Count: 1 } pause && pause.Number("sleep_ms") is { } milliseconds)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time);
                    continue;
                }

                await stream.WriteAsync(Message(descriptor, items[i]));
                if (request.Text("pace") == "one")
                {
                    await responses.WaitForAsync(i + 1, s_patience, time);
                }
            }

            // The stream stays open until as many answers have come.
            await responses.WaitForAsync(request.Number("expect_count") ?? 0, s_patience, time);
            await stream.CompleteAsync();
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException && responses.HasEnded)
        {
            // The server ended the call while there was more to send; what it said is read by the reader.
        }
    }

    private static async Task ReadAsync(IAsyncStreamReader<IMessage> stream, ResponseList responses)
    {
        while (await stream.MoveNext(CancellationToken.None))
        {
            responses.Add(Plain(stream.Current));
        }
    }

    private static IMessage Message(MethodDescriptor descriptor, object? json)
    {
        var message = JsonParser.Default.Parse(JsonText.Write(json ?? new JsonObject()), descriptor.InputType);
        foreach (var input in message is ModelInferRequest request ? request.Inputs.Where(static input => input.Contents is not null) : [])
        {
            UseCommonNaN(input.Contents.Fp32Contents, BitConverter.UInt32BitsToSingle(0x7FC0_0000));
            UseCommonNaN(input.Contents.Fp64Contents, BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_0000));
        }

        return message;
    }

    /// <summary>The word NaN was recorded as the one without a sign; .NET's has one.</summary>
    private static void UseCommonNaN<T>(IList<T> values, T common)
        where T : IFloatingPointIeee754<T>
    {
        for (var i = 0; i < values.Count; i++)
        {
            values[i] = T.IsNaN(values[i]) ? common : values[i];
        }
    }

    private static JsonObject Plain(IMessage message) => (JsonObject)JsonText.Parse(s_formatter.Format(message))!;

    private static Method<IMessage, IMessage> Method(MethodDescriptor descriptor, MethodType type) => new(
        type,
        descriptor.Service.FullName,
        descriptor.Name,
        Marshallers.Create(static message => message.ToByteArray(), descriptor.InputType.Parser.ParseFrom),
        Marshallers.Create(static message => message.ToByteArray(), descriptor.OutputType.Parser.ParseFrom));

    private static string NameOf(StatusCode code) => code switch
    {
        StatusCode.OK => "OK",
        StatusCode.Cancelled => "CANCELLED",
        StatusCode.Unknown => "UNKNOWN",
        StatusCode.InvalidArgument => "INVALID_ARGUMENT",
        StatusCode.DeadlineExceeded => "DEADLINE_EXCEEDED",
        StatusCode.NotFound => "NOT_FOUND",
        StatusCode.AlreadyExists => "ALREADY_EXISTS",
        StatusCode.PermissionDenied => "PERMISSION_DENIED",
        StatusCode.ResourceExhausted => "RESOURCE_EXHAUSTED",
        StatusCode.FailedPrecondition => "FAILED_PRECONDITION",
        StatusCode.Aborted => "ABORTED",
        StatusCode.OutOfRange => "OUT_OF_RANGE",
        StatusCode.Unimplemented => "UNIMPLEMENTED",
        StatusCode.Internal => "INTERNAL",
        StatusCode.Unavailable => "UNAVAILABLE",
        StatusCode.DataLoss => "DATA_LOSS",
        StatusCode.Unauthenticated => "UNAUTHENTICATED",
        _ => throw new UnreachableException(code.ToString()),
    };
}
