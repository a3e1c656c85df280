using System.Text.Json;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Aliases;

/// <summary>The page on aliases, from its first line to its last, on the repository that it speaks of.</summary>
public sealed class AliasPageTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();
    private readonly string _page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "aliases.md"));

    public AliasPageTests()
    {
        var model = File.ReadAllBytes(Directory.EnumerateFiles(Path.Combine(SampleServer.Repository, "add_sub", "1")).Single());
        foreach (var version in new[] { 1, 2, 3 })
        {
            _repository.Write($"add_sub/{version}/model.onnx", model);
        }

        _repository.Write("add_sub/config.pbtxt", "version_policy: { specific { versions: [ 1, 2, 3 ] } }");
    }

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task CurlLines_WorkOneAfterAnother()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        var outputs = new List<string>();
        foreach (var block in DocumentedCommandTests.ShellBlock().Matches(_page).Select(static match => match.Groups[1].Value))
        {
            var (code, output) = await DocumentedCommandTests.RunAsync(block.Replace("http://localhost:8000", server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
            Assert.True(code == 0, output);
            Assert.DoesNotContain("\"error\"", output, StringComparison.Ordinal);
            outputs.Add(output);
        }

        Assert.Equal(8, outputs.Count);
        Assert.Equal(["1=90", "2=10"], Weights(outputs[0]));
        Assert.Equal(["1=0", "2=100"], Weights(outputs[4]));
        Assert.Equal(["1=100", "2=0"], Weights(outputs[5]));
        Assert.Equal(["1=1"], Weights(outputs[6]));
        Assert.Empty((await AliasRepository.DoAsync(server, "GET", "/v2/aliases")).GetProperty("aliases").EnumerateArray());
    }

    [Fact]
    public async Task File_IsOneThatTheServerTakes()
    {
        var begin = _page.IndexOf("```json\n", StringComparison.Ordinal) + "```json\n".Length;
        _repository.Write("aliases.json", _page[begin.._page.IndexOf("```", begin, StringComparison.Ordinal)]);
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        var alias = await AliasRepository.DoAsync(server, "GET", "/v2/aliases/adder");
        Assert.Equal(["1=90", "2=10"], Weights(alias.ToString()));
        Assert.True(alias.GetProperty("ready").GetBoolean());
    }

    private static string[] Weights(string alias)
    {
        using var document = JsonDocument.Parse(alias);
        return [.. document.RootElement.GetProperty("config").GetProperty("targets").EnumerateArray().Select(static target => $"{target.GetProperty("version")}={target.GetProperty("weight")}")];
    }
}
