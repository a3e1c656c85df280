using System.Text.Json;
using Google.Protobuf;
using Inference;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Requests;

/// <summary>Builds one inference request in each encoding. No request id and no output list: the shortest request a client can send.</summary>
internal static class InferRequestBuilder
{
    /// <summary>The request as it is sent: over HTTP the whole of it, over gRPC the serialised message.</summary>
    public static byte[] For(WireEncoding encoding, ServerAddress server, InferRequest request, IReadOnlyList<KeyValuePair<string, string>> headers) => encoding switch
    {
        WireEncoding.Json => Json(server, request, headers),
        WireEncoding.Binary => Binary(server, request, headers),
        WireEncoding.Grpc => Grpc(request),
        _ => OnStream(request),
    };

    public static byte[] Json(ServerAddress server, InferRequest request, IReadOnlyList<KeyValuePair<string, string>> headers) =>
        HttpRequestBuilder.Post(server, request.Path + "/infer", headers, "application/json", null, JsonDocumentOf(request, binary: false));

    public static byte[] Binary(ServerAddress server, InferRequest request, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        var header = JsonDocumentOf(request, binary: true);
        byte[] body = [.. header, .. request.Inputs.SelectMany(i => i.Data)];
        return HttpRequestBuilder.Post(server, request.Path + "/infer", headers, "application/octet-stream", header.Length, body);
    }

    public static byte[] Grpc(InferRequest request) => Message(request).ToByteArray();

    /// <summary>Asks for the end of the answer to be marked, which nothing else shows where a model may answer several times.</summary>
    public static byte[] OnStream(InferRequest request) => OnStream(Message(request));

    /// <summary>As above, of a message.</summary>
    public static byte[] OnStream(ModelInferRequest message)
    {
        message.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        return message.ToByteArray();
    }

    /// <summary>The model and the parameters.</summary>
    public static ModelInferRequest MessageWithoutTensors(InferRequest request)
    {
        var message = new ModelInferRequest { ModelName = request.Model, ModelVersion = request.Version ?? "" };
        foreach (var (name, value) in request.Parameters)
        {
            message.Parameters[name] = ParameterOf(value);
        }

        return message;
    }

    /// <summary>Name, type and shape.</summary>
    public static ModelInferRequest.Types.InferInputTensor FormOf(Tensor input)
    {
        var tensor = new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.DataType };
        tensor.Shape.AddRange(input.Shape);
        return tensor;
    }

    private static ModelInferRequest Message(InferRequest request)
    {
        var message = MessageWithoutTensors(request);
        foreach (var input in request.Inputs)
        {
            message.Inputs.Add(FormOf(input));
            message.RawInputContents.Add(ByteString.CopyFrom(input.Data));
        }

        return message;
    }

    private static InferParameter ParameterOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => new InferParameter { BoolParam = value.GetBoolean() },
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? new InferParameter { Int64Param = whole } : new InferParameter { DoubleParam = value.GetDouble() },
        _ => new InferParameter { StringParam = value.GetString() ?? "" },
    };

    private static byte[] JsonDocumentOf(InferRequest request, bool binary)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("inputs");
            foreach (var input in request.Inputs)
            {
                WriteInput(writer, input, binary);
            }

            writer.WriteEndArray();
            if (binary || request.Parameters.Count > 0)
            {
                WriteParameters(writer, request, binary);
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The parameters of the request as a member.</summary>
    /// <param name="writer">Within an object.</param>
    /// <param name="request">The request.</param>
    /// <param name="binary">Whether the outputs are wanted as bytes.</param>
    public static void WriteParameters(Utf8JsonWriter writer, InferRequest request, bool binary)
    {
        writer.WriteStartObject("parameters");
        foreach (var (name, value) in request.Parameters)
        {
            writer.WritePropertyName(name);
            value.WriteTo(writer);
        }

        if (binary)
        {
            // With no outputs listed this asks for all of them as bytes.
            writer.WriteBoolean("binary_data_output", true);
        }

        writer.WriteEndObject();
    }

    /// <summary>Name, type and shape as members.</summary>
    public static void WriteForm(Utf8JsonWriter writer, Tensor input)
    {
        writer.WriteString("name", input.Name);
        writer.WriteString("datatype", input.DataType);
        writer.WriteStartArray("shape");
        foreach (var dimension in input.Shape)
        {
            writer.WriteNumberValue(dimension);
        }

        writer.WriteEndArray();
    }

    private static void WriteInput(Utf8JsonWriter writer, Tensor input, bool binary)
    {
        writer.WriteStartObject();
        WriteForm(writer, input);
        if (binary)
        {
            writer.WriteStartObject("parameters");
            writer.WriteNumber("binary_data_size", input.Data.Length);
            writer.WriteEndObject();
        }
        else
        {
            writer.WritePropertyName("data");
            TensorJson.Write(writer, input);
        }

        writer.WriteEndObject();
    }
}
