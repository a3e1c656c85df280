using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>The commands of the page on operations that speak of namespaces, on the repositories that it speaks of.</summary>
public sealed class NamespacePageTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public NamespacePageTests()
    {
        var model = File.ReadAllBytes(Directory.EnumerateFiles(Path.Combine(SampleServer.Repository, "add_sub", "1")).Single());
        _folder.Write("east/add_sub/1/model.onnx", model);
        _folder.Write("west/add_sub/1/model.onnx", model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task CurlLines_AnswerAsThePageSays()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "operations.md"), TestContext.Current.CancellationToken);
        await using var server = await RunningServer.StartAsync(Path.Combine(_folder.FullPath, "east"), flags: ["--model-repository=" + Path.Combine(_folder.FullPath, "west"), "--model-namespacing=true"]);
        var outputs = new List<string>();
        foreach (var block in DocumentedCommandTests.ShellBlock().Matches(page).Select(static match => match.Groups[1].Value).Where(static block => block.Contains("add_sub", StringComparison.Ordinal)))
        {
            var (code, output) = await DocumentedCommandTests.RunAsync(block.Replace("http://localhost:8000", server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
            Assert.True(code == 0, output);
            outputs.Add(output);
        }

        Assert.Equal(2, outputs.Count);
        Assert.StartsWith("{\"model_name\":\"east::add_sub\",", outputs[0], StringComparison.Ordinal);
        var told = outputs[1]["{\"error\":\"".Length..^2];
        Assert.Contains($"`{told}`", page, StringComparison.Ordinal);
    }
}
