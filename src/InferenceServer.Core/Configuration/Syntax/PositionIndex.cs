namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Collects the place of every field, element and map entry of a tree.</summary>
internal static class PositionIndex
{
    public static ConfigPositions Of(MessageNode root)
    {
        var positions = new Dictionary<string, ConfigPosition>(StringComparer.Ordinal);
        Collect(root, "", positions);
        return new ConfigPositions(positions);
    }

    private static void Collect(MessageNode message, string prefix, Dictionary<string, ConfigPosition> positions)
    {
        foreach (var field in message.Fields)
        {
            var path = prefix + field.Field.Name;
            positions[path] = field.Position;
            for (var i = 0; i < field.Values.Count; i++)
            {
                var value = field.Values[i];
                var valuePath = field.Field.IsMap ? $"{path}[\"{value.Message!.MapKey()}\"]"
                    : field.Field.IsRepeated ? FormattableString.Invariant($"{path}[{i}]")
                    : path;
                positions.TryAdd(valuePath, value.Position);
                if (value.Message is { } inner)
                {
                    Collect(inner, valuePath + ".", positions);
                }
            }
        }
    }
}
