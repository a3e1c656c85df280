using System.Net;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Inference;
using InferenceServer.Bench.Models;
using InferenceServer.LoadGenerator.Answers;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Tests;

/// <summary>The add_sub model and answers to it made by hand, in place of a server.</summary>
internal static class AddSub
{
    public static readonly IPEndPoint Nowhere = new(IPAddress.Loopback, 8000);

    public static ModelMetadata Model(string dataType = "FP32") => new(
        "add_sub",
        [new("INPUT0", dataType, [-1, 16]), new("INPUT1", dataType, [-1, 16])],
        [new("OUTPUT0", dataType, [-1, 16]), new("OUTPUT1", dataType, [-1, 16])]);

    /// <summary>Right answers in all encodings for the inputs this tool sends.</summary>
    public static Recording Recording(int rows)
    {
        var model = Model();
        var outputs = KnownModels.Outputs(model, TensorGenerator.Inputs(model, rows));
        var binaryHeader = Document(outputs, binary: true);
        return new Recording(
            new RecordedHttpAnswer([new("Content-Type", "application/json")], Metadata(model)),
            new RecordedHttpAnswer([new("Content-Type", "application/json"), new("Server", "Kestrel")], Document(outputs, binary: false)),
            new RecordedHttpAnswer(
                [
                    new("Content-Type", "application/octet-stream"),
                    new("Inference-Header-Content-Length", $"{binaryHeader.Length}"),
                    new("Content-Length", "1"),
                ],
                [.. binaryHeader, .. outputs.SelectMany(o => o.Data)]),
            Message(outputs));
    }

    private static byte[] Metadata(ModelMetadata model) => Encoding.ASCII.GetBytes(
        $$"""{"name":"{{model.Name}}","versions":["1"],"inputs":[{{Tensors(model.Inputs)}}],"outputs":[{{Tensors(model.Outputs)}}]}""");

    private static string Tensors(IReadOnlyList<TensorMetadata> tensors) => string.Join(
        ',',
        tensors.Select(t => $$"""{"name":"{{t.Name}}","datatype":"{{t.DataType}}","shape":[{{string.Join(',', t.Shape)}}]}"""));

    private static byte[] Document(IReadOnlyList<Tensor> outputs, bool binary)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("model_name", "add_sub");
            writer.WriteStartArray("outputs");
            foreach (var output in outputs)
            {
                writer.WriteStartObject();
                writer.WriteString("name", output.Name);
                writer.WriteString("datatype", output.DataType);
                writer.WritePropertyName("shape");
                writer.WriteRawValue($"[{string.Join(',', output.Shape)}]");
                if (binary)
                {
                    writer.WritePropertyName("parameters");
                    writer.WriteRawValue($$"""{"binary_data_size":{{output.Data.Length}}}""");
                }
                else
                {
                    writer.WritePropertyName("data");
                    TensorJson.Write(writer, output);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static byte[] Message(IReadOnlyList<Tensor> outputs)
    {
        var response = new ModelInferResponse { ModelName = "add_sub", ModelVersion = "1" };
        foreach (var output in outputs)
        {
            var tensor = new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = output.DataType };
            tensor.Shape.AddRange(output.Shape);
            response.Outputs.Add(tensor);
            response.RawOutputContents.Add(ByteString.CopyFrom(output.Data));
        }

        return response.ToByteArray();
    }
}
