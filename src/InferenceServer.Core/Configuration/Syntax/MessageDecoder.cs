using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Turns a message into a tree by way of the wire format, for the writers; the counterpart of <see cref="MessageEncoder"/>.</summary>
internal static class MessageDecoder
{
    public static MessageNode Decode(global::Inference.ModelConfig message) =>
        Decode(message.ToByteArray(), global::Inference.ModelConfig.Descriptor);

    private static MessageNode Decode(byte[] bytes, MessageDescriptor descriptor)
    {
        var node = new MessageNode(descriptor);
        var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (descriptor.FindFieldByNumber(WireFormat.GetTagFieldNumber(tag)) is not { } field)
            {
                input.SkipLastField();
                continue;
            }

            var values = node.GetOrAdd(field, default).Values;
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited && field.FieldType is not (FieldType.Message or FieldType.String))
            {
                var packed = input.ReadBytes().CreateCodedInput();
                while (!packed.IsAtEnd)
                {
                    values.Add(Read(packed, field));
                }
            }
            else
            {
                values.Add(Read(input, field));
            }
        }

        return node;
    }

    private static ValueNode Read(CodedInputStream input, FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => new ValueNode { Message = Decode(input.ReadBytes().ToByteArray(), field.MessageType) },
        FieldType.String => new ValueNode { Text = input.ReadString() },
        FieldType.Float => new ValueNode { Bits = BitConverter.DoubleToUInt64Bits(input.ReadFloat()) },
        FieldType.Double => new ValueNode { Bits = BitConverter.DoubleToUInt64Bits(input.ReadDouble()) },
        _ => new ValueNode { Bits = input.ReadUInt64() },
    };
}
