using System.Text.Json;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Caching;

/// <summary>The page on the response cache, on the model that it speaks of.</summary>
public sealed class CachePageTests
{
    [Fact]
    public async Task CurlLines_DoWhatThePageSays()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("add_sub/1/model.onnx", SampleOnnxModels.AddSub());
        repository.Write("add_sub/config.pbtxt", "response_cache { enable: true }");
        await using var server = await RunningServer.StartAsync(repository.FullPath, flags: ["--cache-config=local,size=104857600"]);
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "response-cache.md"), TestContext.Current.CancellationToken);
        var outputs = new List<string>();
        foreach (var block in DocumentedCommandTests.ShellBlock().Matches(page).Select(static match => match.Groups[1].Value))
        {
            var (code, output) = await DocumentedCommandTests.RunAsync(block.Replace("http://localhost:8000", server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
            Assert.True(code == 0, output);
            outputs.Add(output);
        }

        Assert.Equal(2, outputs.Count);
        Assert.StartsWith("{\"model_name\":\"add_sub\"", outputs[0], StringComparison.Ordinal);
        Assert.StartsWith("{\"id\":\"again\"", outputs[1], StringComparison.Ordinal);
        using var statistics = JsonDocument.Parse(outputs[1][outputs[1].IndexOf("{\"model_stats\"", StringComparison.Ordinal)..]);
        var model = statistics.RootElement.GetProperty("model_stats")[0];
        Assert.Equal(1, model.GetProperty("execution_count").GetInt32());
        Assert.All(new[] { "cache_hit", "cache_miss" }, part => Assert.Equal(1, model.GetProperty("inference_stats").GetProperty(part).GetProperty("count").GetInt32()));
    }
}
