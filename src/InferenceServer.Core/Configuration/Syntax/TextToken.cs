namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>A token of text format: a stretch of the source and its place. A string's stretch leaves out the quotes.</summary>
internal readonly record struct TextToken(TextTokenKind Kind, int Start, int Length, ConfigPosition Position)
{
    public bool IsOpening => Kind is TextTokenKind.OpenBrace or TextTokenKind.OpenAngle or TextTokenKind.OpenBracket;

    public bool IsClosing => Kind is TextTokenKind.CloseBrace or TextTokenKind.CloseAngle or TextTokenKind.CloseBracket;
}
