using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// Writes a trace as the objects of Triton's trace file, with commas between them: which request it is, then one object a timestamp in
/// the order of time, then one a tensor. Timestamps are nanoseconds of the server's monotonic clock.
/// </summary>
internal static class TraceJson
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(ArrayBufferWriter<byte> output, RequestTrace trace, long ticksPerSecond)
    {
        using var json = new Utf8JsonWriter(output, s_options);
        WriteHead(json, trace);
        foreach (var timestamp in trace.Timestamps.OrderBy(static timestamp => timestamp.Timestamp))
        {
            Next(json, output);
            json.WriteStartObject();
            json.WriteNumber("id", trace.Id);
            json.WriteStartArray("timestamps");
            json.WriteStartObject();
            json.WriteString("name", TraceActivities.NameOf(timestamp.Activity));
            json.WriteNumber("ns", (long)((Int128)timestamp.Timestamp * NanosecondsPerSecond / ticksPerSecond));
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        foreach (var tensor in trace.Tensors)
        {
            Next(json, output);
            WriteTensor(json, trace.Id, tensor);
        }
    }

    private static void WriteHead(Utf8JsonWriter json, RequestTrace trace)
    {
        json.WriteStartObject();
        json.WriteNumber("id", trace.Id);
        json.WriteString("model_name", trace.ModelName);
        json.WriteNumber("model_version", trace.ModelVersion);
        if (trace.RequestId.Length > 0)
        {
            json.WriteString("request_id", trace.RequestId);
        }

        if (trace.ParentId is { } parent)
        {
            json.WriteNumber("parent_id", parent);
        }

        if (!trace.Context.IsEmpty)
        {
            json.WriteString("trace_id", trace.Context.TraceId);
            json.WriteString("parent_span_id", trace.Context.ParentId);
        }

        json.WriteEndObject();
    }

    private static void WriteTensor(Utf8JsonWriter json, long id, TracedTensor tensor)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("activity", TraceActivities.NameOf(tensor.Activity));
        json.WriteStartObject("tensor");
        json.WriteString("name", tensor.Name);
        json.WriteString("data", TensorText.Of(tensor.DataType, tensor.Data));
        json.WriteString("shape", string.Join(',', tensor.Shape.AsSpan().ToArray()));
        json.WriteString("dtype", tensor.DataType.ProtocolName());
        if (tensor.IsCut)
        {
            // Whoever reads the data would take its beginning for all of it.
            json.WriteNumber("byte_size", tensor.Length);
            json.WriteBoolean("truncated", true);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Next(Utf8JsonWriter json, ArrayBufferWriter<byte> output)
    {
        json.Flush();
        json.Reset();
        output.Write(",\n"u8);
    }
}
