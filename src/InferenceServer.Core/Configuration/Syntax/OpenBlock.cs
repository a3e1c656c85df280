namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>A block of text format whose end has not been read yet.</summary>
/// <param name="node">What its fields go to.</param>
/// <param name="name">The field that the block is a value of; empty for the file itself.</param>
/// <param name="position">Where its opening bracket stands.</param>
internal sealed class OpenBlock(MessageNode node, string name, ConfigPosition position)
{
    public MessageNode Node { get; } = node;

    public string Name { get; } = name;

    public ConfigPosition Position { get; } = position;

    /// <summary>True once it was reported that the block probably lacks its end; one mistake, one report.</summary>
    public bool IsReported { get; set; }
}
