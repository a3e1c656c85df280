using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace InferenceServer.Testing.Onnx;

/// <summary>Writes one protobuf message field by field; a nested message is its bytes.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A memory stream holds nothing but memory, and a builder that must be disposed reads badly.")]
internal sealed class OnnxMessage
{
    private readonly MemoryStream _stream = new();
    private readonly CodedOutputStream _output;

    public OnnxMessage() => _output = new CodedOutputStream(_stream, leaveOpen: true);

    public OnnxMessage Int(int field, long value)
    {
        _output.WriteTag(field, WireFormat.WireType.Varint);
        _output.WriteInt64(value);
        return this;
    }

    public OnnxMessage Float(int field, float value)
    {
        _output.WriteTag(field, WireFormat.WireType.Fixed32);
        _output.WriteFloat(value);
        return this;
    }

    public OnnxMessage Text(int field, string value)
    {
        _output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        _output.WriteString(value);
        return this;
    }

    public OnnxMessage Bytes(int field, ReadOnlySpan<byte> value)
    {
        _output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        _output.WriteBytes(ByteString.CopyFrom(value));
        return this;
    }

    public OnnxMessage Nested(int field, OnnxMessage value) => Bytes(field, value.ToArray());

    public byte[] ToArray()
    {
        _output.Flush();
        return _stream.ToArray();
    }
}
