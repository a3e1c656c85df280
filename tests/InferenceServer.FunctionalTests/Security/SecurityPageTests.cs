using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

/// <summary>What the page on security shows works as it is written.</summary>
public sealed partial class SecurityPageTests
{
    private static string Page => File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "security.md"));

    [Fact]
    public async Task CurlLines_WithAKey_AreAnswered()
    {
        await using var access = new AccessFixture();
        var key = access.AddKey("web", """[{"scopes": ["inference", "metadata"], "models": ["*"]}]""");
        await access.StartAsync(SampleServer.Repository, "--model-control-mode=explicit", "--load-model=add_sub");
        var blocks = DocumentedCommandTests.ShellBlock().Matches(Page).Select(static match => match.Groups[1].Value).ToArray();
        Assert.Equal(2, blocks.Length);
        foreach (var block in blocks)
        {
            var (code, output) = await DocumentedCommandTests.RunAsync($"KEY={key}\n" + block.Replace("http://localhost:8000", access.Server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
            Assert.True(code == 0, output);
            Assert.Contains("OUTPUT0", output, StringComparison.Ordinal);
            Assert.DoesNotContain("\"error\"", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AccessFiles_OfThePage_AreUnderstood()
    {
        var files = JsonBlock().Matches(Page).Select(static match => match.Groups[1].Value).ToArray();
        Assert.Equal(2, files.Length);
        foreach (var file in files)
        {
            AccessFileReader.Read(System.Text.Encoding.UTF8.GetBytes(file.Replace("sha256:…", "sha256:" + new string('0', 64), StringComparison.Ordinal)), out var problems);
            Assert.Empty(problems);
        }
    }

    [Fact]
    public void Options_OfThePage_AreThere() =>
        Assert.All(Flag().Matches(Page).Select(static match => match.Groups[1].Value).Distinct(), static flag => Assert.True(
            OptionTable.All.Any(option => option.Flag == flag) || flag is "id" or "scopes" or "models", flag));

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();

    [GeneratedRegex(@"--([a-z][a-z0-9-]+)\b(?!-…)")]
    private static partial Regex Flag();
}
