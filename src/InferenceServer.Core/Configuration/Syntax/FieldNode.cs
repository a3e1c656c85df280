using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>A field that a file names, with its values: one, or any number of them (also none) when the field is repeated.</summary>
internal sealed class FieldNode(FieldDescriptor descriptor, ConfigPosition position)
{
    public FieldDescriptor Field { get; } = descriptor;

    /// <summary>Where the field's name stands, the first time.</summary>
    public ConfigPosition Position { get; } = position;

    public List<ValueNode> Values { get; } = [];

    /// <summary>The entries of a map by key: a file can hold too many to look through them for each new one.</summary>
    public Dictionary<string, ConfigPosition> Keys => field ??= new Dictionary<string, ConfigPosition>(StringComparer.Ordinal);
}
