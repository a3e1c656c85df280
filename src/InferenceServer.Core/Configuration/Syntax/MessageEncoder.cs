using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>
/// Turns a tree into the wire format by field numbers and types, from which the generated parser makes the message: no reflection
/// over generated types is needed.
/// </summary>
internal static class MessageEncoder
{
    public static byte[] Encode(MessageNode message)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            foreach (var field in message.Fields)
            {
                foreach (var value in field.Values)
                {
                    Write(output, field.Field, value);
                }
            }
        }

        return stream.ToArray();
    }

    private static void Write(CodedOutputStream output, FieldDescriptor field, ValueNode value)
    {
        var number = field.FieldNumber;
        switch (field.FieldType)
        {
            case FieldType.Message:
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(Encode(value.Message!)));
                break;
            case FieldType.String:
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteString(value.Text);
                break;
            case FieldType.Float:
                output.WriteTag(number, WireFormat.WireType.Fixed32);
                output.WriteFloat((float)value.AsDouble);
                break;
            case FieldType.Double:
                output.WriteTag(number, WireFormat.WireType.Fixed64);
                output.WriteDouble(value.AsDouble);
                break;
            default:
                // The configuration has no other types than varints: 32-bit signed ones are sign-extended, as on the wire.
                output.WriteTag(number, WireFormat.WireType.Varint);
                output.WriteUInt64(value.Bits);
                break;
        }
    }
}
