using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Inference;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Requests;

/// <summary>Builds one inference request whose tensors are in shared memory. Over HTTP it is JSON alone, whatever the encoding: there are no elements that could be binary.</summary>
internal static class SharedRequestBuilder
{
    /// <summary>The request as it is sent: over HTTP the whole of it, over gRPC the serialised message.</summary>
    /// <param name="encoding">The way it travels.</param>
    /// <param name="server">Where the server listens for that.</param>
    /// <param name="request">The request.</param>
    /// <param name="headers">Fields that it carries over HTTP.</param>
    /// <param name="inputs">Where its inputs are, in their order.</param>
    /// <param name="outputs">Where its outputs go.</param>
    public static byte[] For(WireEncoding encoding, ServerAddress server, InferRequest request, IReadOnlyList<KeyValuePair<string, string>> headers, IReadOnlyList<SharedPlace> inputs, IReadOnlyList<SharedPlace> outputs) => encoding switch
    {
        WireEncoding.Json or WireEncoding.Binary => HttpRequestBuilder.Post(server, request.Path + "/infer", headers, "application/json", null, Json(request, inputs, outputs)),
        WireEncoding.Grpc => Message(request, inputs, outputs).ToByteArray(),
        _ => InferRequestBuilder.OnStream(Message(request, inputs, outputs)),
    };

    private static byte[] Json(InferRequest request, IReadOnlyList<SharedPlace> inputs, IReadOnlyList<SharedPlace> outputs)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("inputs");
            for (var i = 0; i < inputs.Count; i++)
            {
                writer.WriteStartObject();
                InferRequestBuilder.WriteForm(writer, request.Inputs[i]);
                Write(writer, inputs[i]);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("outputs");
            foreach (var output in outputs)
            {
                writer.WriteStartObject();
                writer.WriteString("name", output.Tensor);
                Write(writer, output);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            if (request.Parameters.Count > 0)
            {
                InferRequestBuilder.WriteParameters(writer, request, binary: false);
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, in SharedPlace place)
    {
        writer.WriteStartObject("parameters");
        writer.WriteString(SharedPlace.RegionParameter, place.Region);
        writer.WriteNumber(SharedPlace.ByteSizeParameter, place.ByteSize);
        writer.WriteNumber(SharedPlace.OffsetParameter, place.Offset);
        writer.WriteEndObject();
    }

    private static ModelInferRequest Message(InferRequest request, IReadOnlyList<SharedPlace> inputs, IReadOnlyList<SharedPlace> outputs)
    {
        var message = InferRequestBuilder.MessageWithoutTensors(request);
        for (var i = 0; i < inputs.Count; i++)
        {
            var input = InferRequestBuilder.FormOf(request.Inputs[i]);
            Write(input.Parameters, inputs[i]);
            message.Inputs.Add(input);
        }

        foreach (var place in outputs)
        {
            var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = place.Tensor };
            Write(output.Parameters, place);
            message.Outputs.Add(output);
        }

        return message;
    }

    private static void Write(MapField<string, InferParameter> parameters, in SharedPlace place)
    {
        parameters[SharedPlace.RegionParameter] = new InferParameter { StringParam = place.Region };
        parameters[SharedPlace.ByteSizeParameter] = new InferParameter { Int64Param = place.ByteSize };
        parameters[SharedPlace.OffsetParameter] = new InferParameter { Int64Param = place.Offset };
    }
}
