using InferenceServer.FunctionalTests.Models;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>The process: what it prints, how it stops, and with which code it ends.</summary>
public sealed class ServerProcessTests
{
    private static readonly string[] s_anyPorts = ["--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_PrintsEveryModelAndTheThreeAddresses()
    {
        using var server = ServerProcess.Start(s_anyPorts);
        await server.WaitForSummaryAsync();
        foreach (var words in new[] { "add_sub", "digits", "digits_fp16", "identity", "text_embedding", "wine", "READY", "onnxruntime", "image FP32[-1,1,8,8]", "probs FP32[-1,10]", "HTTP ", "gRPC ", "metrics " })
        {
            Assert.Contains(words, server.Output, StringComparison.Ordinal);
        }

        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.Contains("is unloaded", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sigterm_WithARequestInFlight_AnswersItAndEndsCleanly()
    {
        using var repository = SlowModel(milliseconds: 3000);
        using var server = ServerProcess.Start([.. s_anyPorts, $"--model-repository={repository.FullPath}"]);
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        var slow = Ask(client);
        var behind = await QueueBehindAsync(server, client);
        server.Signal(ServerProcess.SigTerm);
        (await slow).MustSucceed();
        (await behind()).MustSucceed();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task Sigterm_WithARequestThatOutlastsTheTimeout_EndsWithCodeOne()
    {
        using var repository = SlowModel(milliseconds: 60_000);
        using var server = ServerProcess.Start([.. s_anyPorts, "--exit-timeout-secs=1", $"--model-repository={repository.FullPath}"]);
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        var hung = Ask(client);
        var behind = await QueueBehindAsync(server, client);
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(1, await server.WaitForExitAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => hung);
        await Assert.ThrowsAnyAsync<Exception>(behind);
    }

    [Fact]
    public async Task Sigterm_WhileALoadHangs_EndsWithCodeOneAfterTheTimeout()
    {
        // A pipe that nobody writes to hangs whoever reads it, as a dead network disk does. It is put there when the repository has been looked at and before the model is
        // read: the only slot for loads is taken by the warm-up of another one until then.
        using var repository = new TemporaryDirectory();
        repository.Write("slow/1/any", "");
        repository.Write("slow/config.pbtxt", """
            backend: "identity" parameters { key: "execute_delay_ms" value { string_value: "2000" } }
            input { name: "X" data_type: TYPE_FP32 dims: 1 } output { name: "Y" data_type: TYPE_FP32 dims: 1 }
            model_warmup { name: "w" batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: 1 zero_data: true } } }
            """);
        var model = repository.Write("hung/1/model.onnx", Repository.ScaledModel.Of(1));
        using var server = ServerProcess.Start([.. s_anyPorts, "--exit-timeout-secs=1", "--model-control-mode=explicit", "--model-load-thread-count=1", $"--model-repository={repository.FullPath}"]);
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        var loads = new List<Task> { client.PostAsync("/v2/repository/models/slow/load", null, Token) };
        await Waiting.UntilAsync(() => Task.FromResult(server.Log.Contains("slow version 1 is loading", StringComparison.Ordinal)));
        loads.Add(client.PostAsync("/v2/repository/models/hung/load", null, Token));
        await Waiting.UntilAsync(async () => (await (await client.PostAsync("/v2/repository/index", null, Token)).Content.ReadAsStringAsync(Token)).Contains("{\"name\":\"hung\",\"version\":\"1\",\"state\":\"LOADING\"", StringComparison.Ordinal));
        File.Delete(model);
        using (var pipe = System.Diagnostics.Process.Start("mkfifo", model))
        {
            await pipe.WaitForExitAsync(Token);
        }

        await Waiting.UntilAsync(() => Task.FromResult(server.Log.Contains("hung version 1 is loading", StringComparison.Ordinal)));
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(1, await server.WaitForExitAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(loads));
    }

    [Fact]
    public async Task ExitOnError_EndsWithCodeOneWhenAModelFails()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("broken/1/model.onnx", "this is no model"u8);
        using var server = ServerProcess.Start([.. s_anyPorts, "--exit-on-error", $"--model-repository={repository.FullPath}"]);
        Assert.Equal(1, await server.WaitForExitAsync());
        Assert.Contains("broken", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongOptions_AreAllListedBeforeAnythingStarts()
    {
        using var server = ServerProcess.Start("--http-prot=1", "--grpc-port=x");
        Assert.Equal(1, await server.WaitForExitAsync());
        Assert.Contains("did you mean '--http-port'", server.Log, StringComparison.Ordinal);
        Assert.Contains("--grpc-port", server.Log, StringComparison.Ordinal);
        Assert.Equal("", server.Output);
    }

    [Fact]
    public async Task JsonLog_IsOneObjectALine()
    {
        using var server = ServerProcess.Start([.. s_anyPorts, "--log-format=json"]);
        var patience = DateTime.UtcNow + TestTimeouts.Phase;
        while (!server.Log.Contains("has started", StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < patience, server.Log);
            await Task.Delay(20, Token);
        }

        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.All(server.Log.Split('\n'), static line => System.Text.Json.JsonDocument.Parse(line).Dispose());
    }

    private static TemporaryDirectory SlowModel(int milliseconds)
    {
        var repository = new TemporaryDirectory();
        repository.Write("slow/1/.keep", "");
        repository.Write("slow/config.pbtxt", $$"""
            backend: "identity"
            max_batch_size: 1
            input { name: "IN" data_type: TYPE_INT32 dims: [ 1 ] }
            output { name: "OUT" data_type: TYPE_INT32 dims: [ 1 ] }
            parameters { key: "execute_delay_ms" value { string_value: "{{milliseconds}}" } }
            """);
        return repository;
    }

    private static Task<Answer> Ask(HttpClient client) => new AskOverJson(client).AskAsync(new Question("slow", QuestionInput.Integers("IN", [1, 1], 5)), Token);

    /// <summary>Has a second request wait behind one that was sent: as soon as the metrics show one that waits, another runs.</summary>
    /// <returns>What waits for the answer to the second one.</returns>
    private static async Task<Func<Task<Answer>>> QueueBehindAsync(ServerProcess server, HttpClient client)
    {
        var behind = Ask(client);
        await Waiting.UntilAsync(async () => (await client.GetStringAsync(server.MetricsAddress, Token)).Contains("nv_inference_pending_request_count{model=\"slow\",version=\"1\"} 1", StringComparison.Ordinal));
        return () => behind;
    }
}
