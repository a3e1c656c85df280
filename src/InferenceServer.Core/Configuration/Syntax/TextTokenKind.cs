namespace InferenceServer.Core.Configuration.Syntax;

internal enum TextTokenKind
{
    End,
    Identifier,
    Number,
    String,
    Colon,
    Comma,
    Semicolon,
    Minus,
    OpenBrace,
    CloseBrace,
    OpenAngle,
    CloseAngle,
    OpenBracket,
    CloseBracket,
}
