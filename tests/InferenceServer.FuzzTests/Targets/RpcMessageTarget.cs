using System.Text;
using Google.Protobuf;
using Inference;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.SharedMemory;
using InferenceServer.FuzzTests.Engine;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Tests.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>
/// An inference message: what the generated parser makes of it is read and then held against the model. An input that begins with a brace is the JSON
/// of one, since changes of that more often give another message than changes of its bytes.
/// </summary>
internal sealed class RpcMessageTarget : IFuzzTarget
{
    private static readonly string[] s_messages =
    [
        """{"model_name":"three","inputs":[{"name":"A","datatype":"UINT8","shape":["3"],"contents":{"uint_contents":[1,2,255]}},{"name":"B","datatype":"FP32","shape":["2","1"],"contents":{"fp32_contents":[1.5,"NaN"]}},{"name":"S","datatype":"BYTES","shape":["1"],"contents":{"bytes_contents":["QUI="]}}],"outputs":[{"name":"A_OUT"}],"parameters":{"priority":{"uint64_param":"1"},"x":{"string_param":"y"}}}""",
        """{"model_name":"three","id":"raw","inputs":[{"name":"A","datatype":"UINT8","shape":["2"]},{"name":"B","datatype":"FP32","shape":["2","1"]},{"name":"S","datatype":"BYTES","shape":["1"]}],"raw_input_contents":["AQI=","AACAPwAAgD8=","AgAAAEFC"]}""",
        """{"model_name":"three","inputs":[{"name":"I","datatype":"INT16","shape":["2"],"contents":{"int_contents":[-32768,32768]},"parameters":{"binary_data_size":{"int64_param":"1"}}}],"outputs":[{"name":"S_OUT","parameters":{"classification":{"int64_param":"3"}}}]}""",
        """{"model_name":"three","inputs":[{"name":"T","datatype":"BOOL","shape":["0","5"]},{"name":"D","datatype":"FP64","shape":["1"],"contents":{"fp64_contents":[1]}},{"name":"L","datatype":"INT64","shape":["1"],"contents":{"int64_contents":["-1"]}},{"name":"U","datatype":"UINT64","shape":["1"],"contents":{"uint64_contents":["1"]}},{"name":"Q","datatype":"BOOL","shape":["1"],"contents":{"bool_contents":[true]}}]}""",
    ];

    public string Name => "rpc-message";

    public IReadOnlyList<byte[]> Seeds { get; } = [.. s_messages.Select(Encoding.UTF8.GetBytes), .. s_messages.Select(static json => JsonParser.Default.Parse<ModelInferRequest>(json).ToByteArray())];

    public IReadOnlyList<string> Words { get; } = ["A", "B", "S", "A_OUT", "UINT8", "BYTES", "FP32", "INT16", "three", "shared_memory_region", "classification", "sequence_id", "triton_x", "timeout", "\u0001", "\u0002", "\n", "\"contents\":{\"int_contents\":[", "\"raw_input_contents\":[\"AQI=\"],", "\"parameters\":{\"p\":{\"bool_param\":true}},", "\"shape\":[\"9223372036854775807\"],", "{", "}", "[", "]", ",", ":"];

    public string Run(byte[] input)
    {
        ModelInferRequest message;
        try
        {
            message = ModelInferRequest.Parser.ParseFrom(input is [(byte)'{', ..] ? JsonParser.Default.Parse<ModelInferRequest>(Encoding.UTF8.GetString(input)).ToByteArray() : input);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException or InvalidOperationException or ArgumentException)
        {
            // That much is the library's own matter.
            return "no message";
        }

        var model = FuzzModels.Served;
        Check.That(model.TryAcquire(), "the model is gone");
        var allocator = new CountingAllocator();
        try
        {
            using var request = new InferenceRequest(new ModelLease(model));
            return Read(message, request, allocator);
        }
        finally
        {
            Check.That(allocator.Rented == 0, $"{allocator.Rented} buffers are still rented");
            Check.That(allocator.Largest <= (long)Mutator.MaxLength * 16, $"{allocator.Largest} bytes were rented for a message of {input.Length}");
        }
    }

    private static string Read(ModelInferRequest message, InferenceRequest request, CountingAllocator allocator)
    {
        // There are no regions: whoever names one is told so.
        using var regions = new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance);
        var engine = new InferenceEngine(new ModelCatalog(), allocator, regions, new ServerPhase(), new SchedulerOptions(), TimeProvider.System);
        SharedOutputs? outputs = null;
        try
        {
            if (InferRequestReader.Read(message, request, allocator, new SharedTensors(engine, Mutator.MaxLength), ref outputs) is { } refusal)
            {
                return Check.IsClean(refusal);
            }
        }
        finally
        {
            outputs?.Dispose();
        }

        var validator = new RequestValidator(FuzzModels.Three, FuzzModels.Served.Signature);
        return validator.TryPrepare(request, null, CancellationToken.None, out var pending, out var error) ? $"read {pending.Request.Inputs.Count}" : Check.IsClean(error);
    }
}
