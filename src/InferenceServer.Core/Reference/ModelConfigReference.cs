using System.Collections.Immutable;
using Google.Protobuf.Reflection;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Reference;

/// <summary>Every field that a model's configuration may have, and what the server does with it: from the contract and from the table of what is not acted upon.</summary>
public static class ModelConfigReference
{
    /// <summary>The messages, each once, the configuration itself first and then those that it holds.</summary>
    public static ImmutableArray<MessageDescription> Read()
    {
        var comments = ProtoComments.Read();
        var unused = UnusedFeatureTable.Rows.DistinctBy(static row => row.Field).ToDictionary(static row => row.Field, StringComparer.Ordinal);
        var messages = ImmutableArray.CreateBuilder<MessageDescription>();
        var seen = new HashSet<MessageDescriptor>();
        Visit(global::Inference.ModelConfig.Descriptor, inherited: null);
        return messages.ToImmutable();

        void Visit(MessageDescriptor message, UnusedFeature? inherited)
        {
            if (!seen.Add(message))
            {
                return;
            }

            var name = NameOf(message);
            var fields = message.Fields.InDeclarationOrder().Select(field => (Field: field, Unused: inherited ?? unused.GetValueOrDefault($"{name}.{field.Name}"))).ToList();
            messages.Add(new MessageDescription(name, comments.GetValueOrDefault(name, ""), [.. fields.Select(one => Describe(one.Field, comments.GetValueOrDefault($"{name}.{one.Field.Name}", ""), one.Unused))]));
            foreach (var (field, feature) in fields)
            {
                if (ValueOf(field) is { FieldType: FieldType.Message } value)
                {
                    Visit(value.MessageType, feature);
                }
            }
        }
    }

    private static FieldDescription Describe(FieldDescriptor field, string help, UnusedFeature? unused)
    {
        var value = ValueOf(field);
        var type = value.FieldType switch
        {
            FieldType.Message => NameOf(value.MessageType),
            FieldType.Enum => string.Join(", ", value.EnumType.Values.Where(static word => word.Name != "TYPE_INVALID").Select(static word => word.Name)),
            var scalar => scalar.ToString().ToLowerInvariant(),
        };
        var rivals = field.RealContainingOneof?.Fields.Where(other => other != field).Select(static other => other.Name) ?? [];
        var state = unused is null ? FieldState.Works : unused.IsError ? FieldState.Refused : FieldState.Ignored;
        return new FieldDescription(field.Name, type, value.FieldType == FieldType.Message ? type : null, field.IsRepeated && !field.IsMap, field.IsMap, string.Join(", ", rivals), help, state, unused?.Note ?? "");
    }

    /// <summary>The field that holds what a map's entries hold; the field itself where it is no map.</summary>
    private static FieldDescriptor ValueOf(FieldDescriptor field) => field.IsMap ? field.MessageType.FindFieldByNumber(2) : field;

    private static string NameOf(MessageDescriptor message) => message.ContainingType is { } outer ? $"{NameOf(outer)}.{message.Name}" : message.Name;
}
