using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace InferenceServer.Core.Reference;

/// <summary>
/// The comments of the contract that the configuration is written in, by the full names of messages and fields: what a compiled descriptor does not keep. The file is part of
/// the assembly, so that what it says of a field is written down once.
/// </summary>
internal static partial class ProtoComments
{
    private const string Resource = "model_config.proto";

    /// <summary>The comments of the contract.</summary>
    public static FrozenDictionary<string, string> Read()
    {
        using var stream = typeof(ProtoComments).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"the assembly lacks {Resource}");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd().Split('\n'));
    }

    /// <summary>The comment in front of each message and field.</summary>
    internal static FrozenDictionary<string, string> Parse(IEnumerable<string> lines)
    {
        var comments = new Dictionary<string, string>(StringComparer.Ordinal);
        var scopes = new Stack<string>();
        var words = new List<string>();
        foreach (var line in lines.Select(static line => line.Trim()))
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                words.Add(line[2..].Trim());
                continue;
            }

            if (line is ['}', ..])
            {
                scopes.Pop();
            }
            else if (Block().Match(line) is { Success: true } block)
            {
                // A choice has no name of its own in the names of its fields.
                scopes.Push(block.Groups["kind"].ValueSpan is "oneof" ? "" : block.Groups["name"].Value);
                Add(comments, scopes, "", words);
            }
            else if (Field().Match(line) is { Success: true } field)
            {
                Add(comments, scopes, field.Groups["name"].Value, words);
            }

            words.Clear();
        }

        return comments.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void Add(Dictionary<string, string> comments, Stack<string> scopes, string field, List<string> words)
    {
        if (words.Count > 0)
        {
            comments[string.Join('.', scopes.Reverse().Append(field).Where(static part => part.Length > 0))] = string.Join(' ', words);
        }
    }

    [GeneratedRegex(@"^(?<kind>message|enum|oneof) (?<name>\w+) \{$", RegexOptions.CultureInvariant)]
    private static partial Regex Block();

    [GeneratedRegex(@"^(?:repeated )?[\w.]+(?:<\w+, [\w.]+>)? (?<name>\w+) = [0-9]+;$", RegexOptions.CultureInvariant)]
    private static partial Regex Field();
}
