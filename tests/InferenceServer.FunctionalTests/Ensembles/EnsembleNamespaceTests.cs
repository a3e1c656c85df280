using System.Net;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Ensembles;

/// <summary>Which models the steps of ensembles mean in two repositories that are namespaces, while their files come, change and go.</summary>
public sealed class EnsembleNamespaceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public EnsembleNamespaceTests()
    {
        // What comes out says which of them ran: each has a prime of its own.
        _folder.Write("east/five/1/model.onnx", ScaledModel.Of(5));
        _folder.Write("west/five/1/model.onnx", ScaledModel.Of(7));
        _folder.Write("west/two/1/model.onnx", ScaledModel.Of(2));
        Write("east/chain", Step("five", "X", "t"), Step("two", "t", "Y"));
        Write("west/chain", Step("five", "X", "t"), Step("two", "t", "Y"));
        Write("east/crossed", Step("five", "X", "t", "west"), Step("chain", "t", "Y"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Steps_MeanTheOwnNamespaceFirst_AndFollowTheFiles(bool isCached)
    {
        if (isCached)
        {
            // An answer that is kept must not outlive what made it: not even where another model of that name takes its place.
            foreach (var name in new[] { "east/chain", "west/chain", "east/crossed" })
            {
                File.AppendAllText(Path.Combine(_folder.FullPath, name, "config.pbtxt"), " response_cache { enable: true }");
            }
        }

        await using var server = await RunningServer.StartAsync(
            Path.Combine(_folder.FullPath, "east"),
            flags: ["--model-repository=" + Path.Combine(_folder.FullPath, "west"), "--model-namespacing=true", "--model-control-mode=poll", "--repository-poll-secs=1", "--cache-config=local,size=1048576"]);
        Assert.Equal(["east::chain 1 READY", "east::crossed 1 READY", "east::five 1 READY", "west::chain 1 READY", "west::five 1 READY", "west::two 1 READY"], await ScaledModel.IndexAsync(server));
        await ExpectAsync(server, east: 5 * 2, west: 7 * 2, crossed: 7 * 5 * 2);

        // One that another namespace has had to lend.
        _folder.Write("east/two/1/model.onnx", ScaledModel.Of(3));
        await UntilAsync(server, "east::chain", 5 * 3);
        await ExpectAsync(server, east: 5 * 3, west: 7 * 2, crossed: 7 * 5 * 3);

        // Other weights, which have nobody load the ensembles anew.
        _folder.Write("west/five/1/model.onnx", ScaledModel.Of(11));
        await UntilAsync(server, "west::chain", 11 * 2);
        await ExpectAsync(server, east: 5 * 3, west: 11 * 2, crossed: 11 * 5 * 3);

        // One that goes, and whose place that of the other namespace takes.
        Directory.Delete(Path.Combine(_folder.FullPath, "east", "five"), recursive: true);
        await UntilAsync(server, "east::chain", 11 * 3);
        await ExpectAsync(server, east: 11 * 3, west: 11 * 2, crossed: 11 * 11 * 3);

        // One that is meant by its namespace has nobody to take its place; the ensemble that needs no other waits for nobody.
        Directory.Delete(Path.Combine(_folder.FullPath, "west", "five"), recursive: true);
        _folder.Write("east/five/1/model.onnx", ScaledModel.Of(13));
        await UntilAsync(server, "east::chain", 13 * 3);
        var patience = Task.Delay(TestTimeouts.Phase, Cancellation);
        while ((await server.PostAsync("/v2/models/crossed/infer", ScaledModel.Question)).Status == HttpStatusCode.OK)
        {
            Assert.False(patience.IsCompleted, "the ensemble serves without the model that it names");
            await Task.Delay(20, Cancellation);
        }
    }

    private static async Task ExpectAsync(RunningServer server, float east, float west, float crossed)
    {
        for (var i = 0; i < 2; i++)
        {
            await UntilAsync(server, "east::chain", east);
            await UntilAsync(server, "west::chain", west);
            await UntilAsync(server, "crossed", crossed);
        }
    }

    /// <summary>The files are looked at in turns, and an ensemble may be between two models for a moment.</summary>
    private static async Task UntilAsync(RunningServer server, string model, float expected)
    {
        var patience = Task.Delay(TestTimeouts.Phase, Cancellation);
        while (true)
        {
            var (status, body) = await server.PostAsync($"/v2/models/{model}/infer", ScaledModel.Question);
            if (status == HttpStatusCode.OK && body.Contains(FormattableString.Invariant($"\"data\":[{expected:0.0}]"), StringComparison.Ordinal))
            {
                return;
            }

            Assert.False(patience.IsCompleted, $"{model} should have answered {expected}, but: {body}");
            await Task.Delay(20, Cancellation);
        }
    }

    private static string Step(string model, string from, string to, string space = "") =>
        $$"""step { model_name: "{{model}}" model_version: -1 {{(space.Length == 0 ? "" : $"model_namespace: \"{space}\"")}} input_map { key: "X" value: "{{from}}" } output_map { key: "Y" value: "{{to}}" } }""";

    private void Write(string path, params string[] steps)
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullPath, path, "1"));
        _folder.Write($"{path}/config.pbtxt", $$"""platform: "ensemble" input { name: "X" data_type: TYPE_FP32 dims: -1 } output { name: "Y" data_type: TYPE_FP32 dims: -1 } ensemble_scheduling { {{string.Join('\n', steps)}} }""");
    }
}
