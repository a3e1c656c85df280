using System.Globalization;

namespace InferenceServer.Core.Sequences;

/// <summary>The id by which requests belong to one sequence: a number or a text, which are never the same.</summary>
/// <param name="Number">The number; 0 for a text.</param>
/// <param name="Text">The text; null for a number.</param>
internal readonly record struct SequenceId(ulong Number, string? Text)
{
    /// <summary>True for 0 and for an empty text, which stand for no sequence.</summary>
    public bool IsNone => Number == 0 && string.IsNullOrEmpty(Text);

    public override string ToString() => Text ?? Number.ToString(CultureInfo.InvariantCulture);
}
