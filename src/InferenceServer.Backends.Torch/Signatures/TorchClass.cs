using System.Text.RegularExpressions;

namespace InferenceServer.Backends.Torch.Signatures;

/// <summary>The text of a class in an archive's code, which TorchScript itself has written and so in a fixed form: a body is indented by two spaces.</summary>
/// <param name="Code">The file that it is in.</param>
/// <param name="Start">Where its body begins there.</param>
/// <param name="End">Where its body ends, after a line break.</param>
internal sealed partial record TorchClass(string Code, int Start, int End)
{
    private ReadOnlySpan<char> Body => Code.AsSpan(Start, End - Start);

    /// <summary>The class of a name in a file; null when it is not there.</summary>
    public static TorchClass? Find(string code, string name, string parent)
    {
        var head = $"class {name}({parent}):\n";
        var at = code.StartsWith(head, StringComparison.Ordinal) ? 0 : code.IndexOf("\n" + head, StringComparison.Ordinal) + 1;
        if (at == 0 && !code.StartsWith(head, StringComparison.Ordinal))
        {
            return null;
        }

        var start = at + head.Length;
        var end = start;
        while (end < code.Length)
        {
            var next = code.IndexOf('\n', end);
            next = next < 0 ? code.Length : next + 1;
            if (code[end] is not (' ' or '\n'))
            {
                break;
            }

            end = next;
        }

        return new TorchClass(code, start, end);
    }

    /// <summary>The declared fields: their names and types.</summary>
    public IReadOnlyList<(string Name, string Type)> Fields =>
        [.. Field().Matches(Body.ToString()).Select(static match => (match.Groups["name"].Value, match.Groups["type"].Value.Trim()))];

    /// <summary>The names of its methods.</summary>
    public IReadOnlyList<string> Methods => [.. MethodHead().Matches(Body.ToString()).Select(static match => match.Groups["name"].Value)];

    /// <summary>The declaration of a method; null when there is none.</summary>
    public (string Self, TorchMethod Method)? FindMethod(string name, TypeReader types)
    {
        var body = Body;
        var head = $"  def {name}(";
        var at = body.StartsWith(head) ? 0 : body.IndexOf("\n" + head, StringComparison.Ordinal) + 1;
        if (at == 0 && !body.StartsWith(head))
        {
            return null;
        }

        var open = at + head.Length - 1;
        var close = CodeText.FindClosing(body, open);
        var arrow = close < 0 ? -1 : body[close..].IndexOf("->", StringComparison.Ordinal);
        var colon = arrow < 0 ? -1 : body[(close + arrow)..].IndexOf(":\n", StringComparison.Ordinal);
        if (colon < 0)
        {
            return null;
        }

        var parameters = CodeText.Split(body[(open + 1)..close]);
        if (parameters.Count == 0)
        {
            return null;
        }

        var result = types.Read(body.Slice(close + arrow + 2, colon - 2).ToString());
        return (parameters[0], new TorchMethod(name, [.. parameters.Skip(1).Select(text => ReadParameter(text, types))], result));
    }

    private static TorchParameter ReadParameter(string text, TypeReader types)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return new TorchParameter(text, new TorchType(TorchTypeKind.Other, ""), false);
        }

        var type = text[(colon + 1)..];
        var equals = type.IndexOf('=', StringComparison.Ordinal);
        return new TorchParameter(text[..colon].Trim(), types.Read(equals < 0 ? type : type[..equals]), equals >= 0);
    }

    [GeneratedRegex(@"^  (?<name>\w+) : (?<type>.+)$", RegexOptions.Multiline)]
    private static partial Regex Field();

    [GeneratedRegex(@"^  def (?<name>\w+)\(", RegexOptions.Multiline)]
    private static partial Regex MethodHead();
}
