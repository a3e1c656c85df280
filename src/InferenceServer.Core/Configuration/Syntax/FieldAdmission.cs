using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>What a message allows of its fields, whatever format they are written in: each once, one of a oneof, each map key once.</summary>
internal static class FieldAdmission
{
    /// <summary>The node that the field's values go to. After a report, a node of its own, so that they are still checked.</summary>
    public static FieldNode Admit(MessageNode message, FieldDescriptor field, ConfigPosition position, ProblemList problems)
    {
        if (message.FindRival(field) is { } rival)
        {
            problems.Add(
                position,
                $"'{field.Name}' and '{rival.Field.Name}' exclude each other in {FieldWords.Name(message.Descriptor)}; '{rival.Field.Name}' is given at {At(rival.Position)}",
                "keep one of the two");
            return new FieldNode(field, position);
        }

        if (!field.IsRepeated && message.Find(field) is { } earlier)
        {
            problems.Add(position, $"{FieldWords.Name(field)} is given twice; the first is at {At(earlier.Position)}", "keep one of the two");
            return new FieldNode(field, position);
        }

        return message.GetOrAdd(field, position);
    }

    /// <summary>Adds an entry to a map unless its key is there already.</summary>
    public static void AddEntry(FieldNode map, ValueNode entry, ProblemList problems)
    {
        var key = entry.Message!.MapKey();
        if (!map.Keys.TryAdd(key, entry.Position))
        {
            problems.Add(
                entry.Position,
                $"the key \"{FieldWords.Quote(key)}\" of '{map.Field.Name}' is given twice; the first is at {At(map.Keys[key])}",
                "keep one of the two");
            return;
        }

        map.Values.Add(entry);
    }

    public static string At(ConfigPosition position) => FormattableString.Invariant($"{position.Line}:{position.Column}");
}
