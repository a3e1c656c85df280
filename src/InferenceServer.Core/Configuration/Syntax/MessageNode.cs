using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>
/// A message as a tree: the one form between the readers of text and JSON, the wire format, and the writers. It knows what was
/// written, which the generated types cannot tell from a default.
/// </summary>
internal sealed class MessageNode(MessageDescriptor descriptor)
{
    private readonly List<FieldNode> _fields = [];

    public MessageDescriptor Descriptor { get; } = descriptor;

    public IReadOnlyList<FieldNode> Fields => _fields;

    public FieldNode? Find(FieldDescriptor field) => _fields.Find(node => node.Field.FieldNumber == field.FieldNumber);

    /// <summary>The field of the same oneof that is set already, if one is.</summary>
    public FieldNode? FindRival(FieldDescriptor field) =>
        field.ContainingOneof is { } oneof
            ? _fields.Find(node => node.Field.ContainingOneof == oneof && node.Field.FieldNumber != field.FieldNumber)
            : null;

    public FieldNode GetOrAdd(FieldDescriptor field, ConfigPosition position)
    {
        if (Find(field) is { } known)
        {
            return known;
        }

        var node = new FieldNode(field, position);
        _fields.Add(node);
        return node;
    }

    /// <summary>The key of this entry of a map as text; the default of its type when the entry gives none.</summary>
    public string MapKey()
    {
        var key = Descriptor.FindFieldByNumber(1);
        return ScalarText.Of(key, Find(key) is { Values: [.., var given] } ? given : new ValueNode());
    }
}
