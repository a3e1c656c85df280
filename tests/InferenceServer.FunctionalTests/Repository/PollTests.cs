using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>Models that come, change and go with their files.</summary>
public sealed class PollTests : IDisposable
{
    private static readonly string[] s_flags = ["--model-control-mode=poll", "--repository-poll-secs=1"];

    private readonly TemporaryDirectory _repository = new();

    public PollTests()
    {
        _repository.Write("a/1/model.onnx", ScaledModel.Of(10));
        _repository.Write("b/1/model.onnx", ScaledModel.Of(3));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Files_ComeChangeAndGo_AndTheModelsWithThem()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: s_flags);
        Assert.Equal(["a 1 READY", "b 1 READY"], await ScaledModel.IndexAsync(server));
        _repository.Write("a/2/model.onnx", ScaledModel.Of(20));
        _repository.Write("c.onnx", ScaledModel.Of(7));
        Directory.Delete(Path.Combine(_repository.FullPath, "b"), recursive: true);
        await Waiting.UntilAsync(async () => await ScaledModel.IndexAsync(server) is ["a 1 UNAVAILABLE", "a 2 READY", "c 1 READY"]);
        Assert.Equal(20, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(7, await ScaledModel.AskAsync(server, "c"));

        // Other bytes under the same number.
        _repository.Write("a/2/model.onnx", ScaledModel.Of(21));
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "a") == 21);

        // Of what did not change nothing was loaded again.
        Assert.Equal(1, Loads(server, "c"));
        Assert.Equal(3, Loads(server, "a"));
    }

    [Fact]
    public async Task FileThatIsWrittenSlowly_IsLoadedOnceWhenItIsWhole()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: s_flags);
        var bytes = ScaledModel.Of(5);
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, "slow", "1"));
        await using (var file = new FileStream(Path.Combine(_repository.FullPath, "slow", "1", "model.onnx"), FileMode.CreateNew))
        {
            for (var i = 0; i < 10; i++)
            {
                await file.WriteAsync(bytes.AsMemory(bytes.Length * i / 10, (bytes.Length * (i + 1) / 10) - (bytes.Length * i / 10)), Token);
                await file.FlushAsync(Token);
                await Task.Delay(300, Token);
            }
        }

        await Waiting.UntilAsync(async () => (await ScaledModel.IndexAsync(server)).Contains("slow 1 READY"));
        Assert.Equal(1, Loads(server, "slow"));
        Assert.Equal(5, await ScaledModel.AskAsync(server, "slow"));
        Assert.Equal(1, Loads(server, "a"));
    }

    [Fact]
    public async Task WhatCannotBeLoaded_TakesNothingDownAndIsMendedByItsFiles()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: s_flags);
        _repository.Write("a/1/model.onnx", "junk"u8);
        _repository.Write("b/config.pbtxt", "max_batch_sise: 4");
        await Waiting.UntilAsync(() => Task.FromResult(server.LoggedErrors.Any(static error => error.Contains("failed to load", StringComparison.Ordinal)) && server.LoggedErrors.Any(static error => error.Contains("max_batch_sise", StringComparison.Ordinal))));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(3, await ScaledModel.AskAsync(server, "b"));
        var metrics = await server.Http.GetStringAsync(server.MetricsAddress, Token);
        Assert.Contains("inference_server_model_load_total{model=\"a\",result=\"success\"} 1\ninference_server_model_load_total{model=\"a\",result=\"failure\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("inference_server_model_load_total{model=\"b\",result=\"failure\"} 1\n", metrics, StringComparison.Ordinal);
        _repository.Write("a/1/model.onnx", ScaledModel.Of(11));
        _repository.Write("b/config.pbtxt", "metric_tags { key: \"team\" value: \"b\" }");
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "a") == 11 && Loads(server, "b") == 2);
        Assert.Equal(3, await ScaledModel.AskAsync(server, "b"));
    }

    [Fact]
    public async Task RepositoryThatIsGoneForAWhile_ChangesNothing()
    {
        var root = Path.Combine(_repository.FullPath, "r");
        Directory.CreateDirectory(root);
        Directory.Move(Path.Combine(_repository.FullPath, "a"), Path.Combine(root, "a"));
        await using var server = await RunningServer.StartAsync(root, expectsErrors: true, flags: s_flags);
        Directory.Move(root, root + ".away");
        await Waiting.UntilAsync(() => Task.FromResult(server.LoggedErrors.Any(static error => error.Contains("cannot be read", StringComparison.Ordinal))));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
        Directory.Move(root + ".away", root);
        _repository.Write("r/a/2/model.onnx", ScaledModel.Of(20));
        await Waiting.UntilAsync(async () => await ScaledModel.AskAsync(server, "a") == 20);
    }

    [Fact]
    public async Task LoadByRequest_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: s_flags);
        var (status, body) = await server.PostAsync("/v2/repository/models/a/unload", "");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("--model-control-mode=poll", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NamedConfiguration_GoesBeforeTheOrdinaryOneWhereThereIsOne()
    {
        _repository.Write("a/config.pbtxt", "version_policy: { specific { versions: [ 1 ] } }");
        _repository.Write("a/2/model.onnx", ScaledModel.Of(20));
        _repository.Write("a/configs/big.pbtxt", "version_policy: { specific { versions: [ 2 ] } }");
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-config-name=big"]);
        Assert.Equal(20, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(3, await ScaledModel.AskAsync(server, "b"));
    }

    private static int Loads(RunningServer server, string model) =>
        server.Log.Events.Count(one => one.MessageTemplate.Text.EndsWith("is loading", StringComparison.Ordinal) && one.Properties["Model"].ToString() == $"\"{model}\"");
}
