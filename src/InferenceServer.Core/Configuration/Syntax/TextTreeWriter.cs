using System.Text;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Writes a tree in text format, one field a line, blocks indented by two spaces.</summary>
internal static class TextTreeWriter
{
    public static void Write(StringBuilder text, MessageNode message, int indent)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (message.Find(field) is not { Values.Count: > 0 } node)
            {
                continue;
            }

            if (field.FieldType == FieldType.Message)
            {
                foreach (var value in node.Values)
                {
                    WriteBlock(text, field, value.Message!, indent);
                }
            }
            else
            {
                text.Append(' ', indent).Append(field.Name).Append(": ");
                text.AppendLineFeed(field.IsRepeated
                    ? $"[ {string.Join(", ", node.Values.Select(value => Scalar(field, value)))} ]"
                    : Scalar(field, node.Values[^1]));
            }
        }
    }

    private static void WriteBlock(StringBuilder text, FieldDescriptor field, MessageNode message, int indent)
    {
        text.Append(' ', indent).Append(field.Name);
        if (message.Fields.Count == 0)
        {
            text.AppendLineFeed(" { }");
            return;
        }

        text.AppendLineFeed(" {");
        Write(text, message, indent + 2);
        text.Append(' ', indent).AppendLineFeed("}");
    }

    // The same file on every system.
    private static void AppendLineFeed(this StringBuilder text, string line) => text.Append(line).Append('\n');

    private static string Scalar(FieldDescriptor field, ValueNode value) =>
        field.FieldType == FieldType.String ? Quote(value.Text) : ScalarText.Of(field, value);

    private static string Quote(string value)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in value)
        {
            _ = character switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or '\x7F' => quoted.Append('\\').Append(Convert.ToString(character, 8).PadLeft(3, '0')),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append('"').ToString();
    }
}
