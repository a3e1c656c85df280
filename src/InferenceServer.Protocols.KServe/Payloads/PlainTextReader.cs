using System.Text.Unicode;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>
/// Reads a body of <c>text/plain</c>: where the model needs one input, of BYTES, the whole body is its only element, byte for byte. For
/// other models the content type says nothing, nor does it for a body that begins as a JSON object with members: the protocol's own
/// clients send both under that type too.
/// </summary>
internal sealed class PlainTextReader(ITensorAllocator allocator, int maxBytes, InferHeaderReader json, bool isUtf8) : IBodyReader
{
    public string SizeName => "request body";

    public string Expected => "a text, or a JSON object with 'inputs'";

    public InferenceError? Read(ReadOnlySpan<byte> body, ModelConfig model, InferHeader header)
    {
        if (BeginsAsObject(body) || !SoleInput.TryFind(model, out var input) || input.DataType != TensorDataType.Bytes)
        {
            return json.Read(body, model, header);
        }

        if (!RowShape.TryFit(input.Shape, new TensorShape(1), out var shape))
        {
            return PayloadErrors.NotOneText(input);
        }

        if (!isUtf8)
        {
            return PayloadErrors.Charset(input);
        }

        if (!Utf8.IsValid(body))
        {
            return PayloadErrors.NotUtf8(input);
        }

        if (body.Length + (long)BytesTensor.PrefixSize > maxBytes)
        {
            return PayloadErrors.TensorLimit("the text", maxBytes);
        }

        var buffer = allocator.Rent(BytesTensor.PrefixSize + body.Length);
        BytesTensor.Write(buffer.Span, body);
        header.Inputs.Add(new HeaderInput(new InputHead(input.Name, input.DataType, shape), buffer, 0));
        return null;
    }

    private static bool BeginsAsObject(ReadOnlySpan<byte> body)
    {
        // A mark of the byte order is no part of JSON, which is read without it.
        body = (body.StartsWith("\uFEFF"u8) ? body["\uFEFF"u8.Length..] : body).TrimStart(" \t\r\n"u8);
        return body is [(byte)'{', ..] && body[1..].TrimStart(" \t\r\n"u8) is [(byte)'"', ..];
    }
}
