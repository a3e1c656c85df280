using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Inference;
using InferenceServer.LoadGenerator.Models;

namespace InferenceServer.LoadGenerator.Requests;

/// <summary>Builds one inference request in each encoding. No request id and no output list: the shortest request a client can send.</summary>
internal static class InferRequestBuilder
{
    public static string MetadataPath(string model) => "/v2/models/" + model;

    public static string InferPath(string model) => MetadataPath(model) + "/infer";

    public static byte[] Json(IPEndPoint server, string model, IReadOnlyList<Tensor> inputs) =>
        HttpRequestBuilder.Post(server, InferPath(model), "application/json", null, JsonDocumentOf(inputs, binary: false));

    public static byte[] Binary(IPEndPoint server, string model, IReadOnlyList<Tensor> inputs)
    {
        var header = JsonDocumentOf(inputs, binary: true);
        byte[] body = [.. header, .. inputs.SelectMany(i => i.Data)];
        return HttpRequestBuilder.Post(server, InferPath(model), "application/octet-stream", header.Length, body);
    }

    public static byte[] Grpc(string model, IReadOnlyList<Tensor> inputs)
    {
        var request = new ModelInferRequest { ModelName = model };
        foreach (var input in inputs)
        {
            var tensor = new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.DataType };
            tensor.Shape.AddRange(input.Shape);
            request.Inputs.Add(tensor);
            request.RawInputContents.Add(ByteString.CopyFrom(input.Data));
        }

        return request.ToByteArray();
    }

    private static byte[] JsonDocumentOf(IReadOnlyList<Tensor> inputs, bool binary)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("inputs");
            foreach (var input in inputs)
            {
                WriteInput(writer, input, binary);
            }

            writer.WriteEndArray();
            if (binary)
            {
                // With no outputs listed this asks for all of them as bytes.
                writer.WriteStartObject("parameters");
                writer.WriteBoolean("binary_data_output", true);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteInput(Utf8JsonWriter writer, Tensor input, bool binary)
    {
        writer.WriteStartObject();
        writer.WriteString("name", input.Name);
        writer.WriteString("datatype", input.DataType);
        writer.WriteStartArray("shape");
        foreach (var dimension in input.Shape)
        {
            writer.WriteNumberValue(dimension);
        }

        writer.WriteEndArray();
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
