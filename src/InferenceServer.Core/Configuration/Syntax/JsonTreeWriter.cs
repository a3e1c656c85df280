using System.Collections.Frozen;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Writes a tree as JSON with all defaults.</summary>
internal static class JsonTreeWriter
{
    // Proto JSON writes 64-bit integers as strings. Triton turns those that clients read back into numbers, and these it leaves.
    private static readonly FrozenSet<string> s_integersAsText = FrozenSet.Create(
        StringComparer.Ordinal,
        "inference.ModelSequenceBatching.InitialState.dims",
        "inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.dim",
        "inference.ModelInstanceGroup.SecondaryDevice.device_id");

    private static readonly ValueNode s_default = new();

    public static void Write(Utf8JsonWriter json, MessageNode message)
    {
        json.WriteStartObject();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            WriteField(json, field, message.Find(field)?.Values);
        }

        json.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter json, FieldDescriptor field, List<ValueNode>? values)
    {
        if (field.IsMap)
        {
            json.WriteStartObject(field.Name);
            foreach (var entry in values ?? [])
            {
                json.WritePropertyName(entry.Message!.MapKey());
                WriteEntryValue(json, field.MessageType.FindFieldByNumber(2), entry.Message);
            }

            json.WriteEndObject();
        }
        else if (field.IsRepeated)
        {
            json.WriteStartArray(field.Name);
            foreach (var value in values ?? [])
            {
                WriteValue(json, field, value);
            }

            json.WriteEndArray();
        }
        else if (values is { Count: > 0 })
        {
            json.WritePropertyName(field.Name);
            WriteValue(json, field, values[^1]);
        }
        else if (field.FieldType != FieldType.Message && field.ContainingOneof is null)
        {
            json.WritePropertyName(field.Name);
            WriteValue(json, field, s_default);
        }
    }

    private static void WriteEntryValue(Utf8JsonWriter json, FieldDescriptor field, MessageNode entry)
    {
        if (entry.Find(field) is { Values.Count: > 0 } given)
        {
            WriteValue(json, field, given.Values[^1]);
        }
        else if (field.FieldType == FieldType.Message)
        {
            Write(json, new MessageNode(field.MessageType));
        }
        else
        {
            WriteValue(json, field, s_default);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, FieldDescriptor field, ValueNode value)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                Write(json, value.Message!);
                break;
            case FieldType.Bool:
                json.WriteBooleanValue(value.Bits != 0);
                break;
            case FieldType.Float or FieldType.Double:
                WriteNumber(json, field, value.AsDouble);
                break;
            case FieldType.Enum when field.EnumType.FindValueByNumber((int)value.AsSigned) is null:
                json.WriteNumberValue(value.AsSigned);
                break;
            case FieldType.Enum or FieldType.String:
                json.WriteStringValue(ScalarText.Of(field, value));
                break;
            default:
                if (s_integersAsText.Contains(field.FullName))
                {
                    json.WriteStringValue(ScalarText.Of(field, value));
                }
                else
                {
                    json.WriteRawValue(ScalarText.Of(field, value), skipInputValidation: true);
                }

                break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, FieldDescriptor field, double value)
    {
        if (!double.IsFinite(value))
        {
            json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
        else if (field.FieldType == FieldType.Float)
        {
            json.WriteNumberValue((float)value);
        }
        else
        {
            json.WriteNumberValue(value);
        }
    }
}
