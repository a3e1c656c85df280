using System.Text.RegularExpressions;
using Xunit;

namespace InferenceServer.ArchitectureTests;

/// <summary>The pages hang together: links lead somewhere, every page can be found, and whoever is paged finds what to do.</summary>
public sealed partial class DocumentationTests
{
    private const int LongestPage = 340;

    private static readonly string s_docs = Path.Combine(Solution.Root, "docs");

    [Fact]
    public void Links_LeadToWhatIsThere()
    {
        var pages = MarkdownPage.All().ToDictionary(static page => Path.GetFullPath(page.Path, Solution.Root), StringComparer.Ordinal);
        var dead = new List<string>();
        foreach (var (path, page) in pages)
        {
            foreach (var link in page.Links)
            {
                var parts = link.Split('#', 2);
                var target = parts[0].Length == 0 ? path : Path.GetFullPath(Uri.UnescapeDataString(parts[0]), Path.GetDirectoryName(path)!);
                var isThere = File.Exists(target) || Directory.Exists(target);
                if (!isThere || (parts.Length == 2 && pages.TryGetValue(target, out var other) && !other.Anchors.Contains(parts[1])))
                {
                    dead.Add($"{page.Path}: {link}");
                }
            }
        }

        Assert.NotEmpty(pages);
        Assert.True(dead.Count == 0, string.Join('\n', dead));
    }

    [Fact]
    public void Index_NamesEveryPageOfTheGuide()
    {
        var index = File.ReadAllText(Path.Combine(s_docs, "README.md"));
        Assert.All(
            Directory.EnumerateFiles(s_docs, "*.md").Select(static path => Path.GetFileName(path)).Where(static name => name != "README.md"),
            name => Assert.Contains($"({name})", index, StringComparison.Ordinal));
    }

    [Fact]
    public void Alerts_HaveASectionOfTheRunbookAndALinkToIt()
    {
        var page = MarkdownPage.All().Single(static one => one.Path == Path.Combine("docs", "runbook.md"));
        var rules = File.ReadAllText(Path.Combine(Solution.Root, "deploy", "prometheus", "alerts.yml"));
        var alerts = Alert().Matches(rules).Select(static match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains(alert.ToLowerInvariant(), page.Anchors));
        Assert.Equal(alerts.Select(static alert => $"docs/runbook.md#{alert.ToLowerInvariant()}"), Runbook().Matches(rules).Select(static match => match.Groups[1].Value));
    }

    [Fact]
    public void Runbook_AsksForMetricsThatThereAre()
    {
        var page = File.ReadAllText(Path.Combine(s_docs, "runbook.md"));
        var sources = string.Concat(Solution.Sources("InferenceServer.Host").Select(File.ReadAllText)) + File.ReadAllText(Path.Combine(Solution.Root, "deploy", "prometheus", "recording.yml"));
        var names = Metric().Matches(page).Select(static match => match.Value).Distinct(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains(Suffix().Replace(name, ""), sources, StringComparison.Ordinal));
    }

    [Fact]
    public void Pages_AreShortEnoughToBeRead() => Assert.All(
        Directory.EnumerateFiles(s_docs, "*.md").Where(static path => Path.GetFileName(path) != "configuration-reference.md"),
        static path => Assert.InRange(File.ReadAllLines(path).Length, 1, LongestPage));

    [GeneratedRegex(@"^ +- alert: (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Alert();

    [GeneratedRegex(@"^ +runbook_url: "".*?(docs/runbook\.md#\w+)""$", RegexOptions.Multiline)]
    private static partial Regex Runbook();

    [GeneratedRegex(@"\b(?:inference_server|nv|model:inference)_[a-z0-9_:]+\b")]
    private static partial Regex Metric();

    [GeneratedRegex("_(?:bucket|sum|count)$")]
    private static partial Regex Suffix();
}
