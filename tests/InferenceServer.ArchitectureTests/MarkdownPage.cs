using System.Text.RegularExpressions;

namespace InferenceServer.ArchitectureTests;

/// <summary>A page of the documentation: its links, and the anchors that its headings have.</summary>
internal sealed partial class MarkdownPage
{
    private readonly string _text;

    private MarkdownPage(string path)
    {
        Path = path;
        _text = Fence().Replace(File.ReadAllText(System.IO.Path.Combine(Solution.Root, path)), "");
        Anchors = [.. Heading().Matches(_text).Select(static match => AnchorOf(match.Groups[1].Value))];
    }

    /// <summary>Its path below the root.</summary>
    public string Path { get; }

    /// <summary>What a link may have behind its number sign.</summary>
    public HashSet<string> Anchors { get; }

    /// <summary>Where its links lead that lead to the project itself.</summary>
    public IEnumerable<string> Links => Link().Matches(CodeSpan().Replace(_text, "")).Select(static match => match.Groups[1].Value)
        .Where(static link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal));

    /// <summary>Every page of the project.</summary>
    public static IEnumerable<MarkdownPage> All() => Directory.EnumerateFiles(Solution.Root, "*.md", SearchOption.AllDirectories)
        .Select(static path => System.IO.Path.GetRelativePath(Solution.Root, path))
        .Where(static path => !path.Split(System.IO.Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj" or "artifacts" or "node_modules" or "TestResults" || part[0] == '.'))
        .Select(static path => new MarkdownPage(path));

    /// <summary>As the pages of repositories make it: letters, digits and underscores in lower case, hyphens for spaces.</summary>
    private static string AnchorOf(string heading) =>
        NoLetter().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\(([^()\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\p{L}\p{Nd} _-]")]
    private static partial Regex NoLetter();
}
