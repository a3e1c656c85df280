using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>A field that a file names, with its values: one, or any number of them (also none) when the field is repeated.</summary>
internal sealed class FieldNode(FieldDescriptor field, ConfigPosition position)
{
    public FieldDescriptor Field { get; } = field;

    /// <summary>Where the field's name stands, the first time.</summary>
    public ConfigPosition Position { get; } = position;

    public List<ValueNode> Values { get; } = [];
}
