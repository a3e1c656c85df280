using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration;

/// <summary>
/// Writes a configuration as JSON the way Triton prints it (HTTP <c>GET /v2/models/{model}/config</c>): names as in the proto file,
/// every scalar present, empty lists and maps written, sub-messages that are not set left out.
/// </summary>
public static class ModelConfigJsonWriter
{
    /// <summary>The message as UTF-8 JSON, without line breaks.</summary>
    public static byte[] Write(global::Inference.ModelConfig message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Write(message, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the message as UTF-8 JSON to <paramref name="output"/>.</summary>
    /// <param name="message">The configuration.</param>
    /// <param name="output">Where the bytes go.</param>
    /// <param name="isIndented">True for a file that people read; false for a response.</param>
    public static void Write(global::Inference.ModelConfig message, IBufferWriter<byte> output, bool isIndented = false)
    {
        // The relaxed encoder is safe here: the result is a JSON document of its own and never part of a page.
        var options = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = isIndented };
        using var json = new Utf8JsonWriter(output, options);
        JsonTreeWriter.Write(json, MessageDecoder.Decode(message));
    }
}
