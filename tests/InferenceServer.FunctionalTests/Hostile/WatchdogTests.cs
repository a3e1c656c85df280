using System.Net;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>What has held other servers for ever: a load after one that failed, calls within calls where one execution at a time is allowed. Each ends within half a minute.</summary>
public sealed class WatchdogTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FailedLoadThenReload_OverAndOver_ComesBack()
    {
        using var folder = new TemporaryDirectory();
        folder.Write("scaled/1/model.onnx", ScaledModel.Of(2));
        await using var server = await RunningServer.StartAsync(folder.FullPath, expectsErrors: true, flags: ["--model-control-mode=explicit", "--load-model=scaled"]);
        for (var round = 0; round < 10; round++)
        {
            folder.Write("scaled/1/model.onnx", "no model");
            var loads = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.PostAsync("/v2/repository/models/scaled/load", ""))).WaitAsync(TestTimeouts.Phase, Token);
            Assert.All(loads, static load => Assert.NotEqual(HttpStatusCode.OK, load.Status));
            folder.Write("scaled/1/model.onnx", ScaledModel.Of(round + 3));
            if (round % 2 == 0)
            {
                await server.PostAsync("/v2/repository/models/scaled/unload", "").WaitAsync(TestTimeouts.Phase, Token);
            }

            var (status, body) = await server.PostAsync("/v2/repository/models/scaled/load", "").WaitAsync(TestTimeouts.Phase, Token);
            Assert.True(status == HttpStatusCode.OK, body);
            (status, body) = await server.PostAsync("/v2/models/scaled/infer", ScaledModel.Question).WaitAsync(TestTimeouts.Phase, Token);
            Assert.True(status == HttpStatusCode.OK && body.Contains($"\"data\":[{round + 3}.0]", StringComparison.Ordinal), body);
        }
    }

    /// <summary>An ensemble of ensembles, of which each step waits for the one execution that may run, and for the resource of which there is one.</summary>
    [Fact]
    public async Task NestedCalls_WithOneExecutionAtATime_ComeToAnEnd()
    {
        const string Tensor = "data_type: TYPE_UINT8 dims: [ 1 ]";
        using var folder = new TemporaryDirectory();
        foreach (var name in new[] { "a", "b" })
        {
            Write(name, $$"""backend: "identity" instance_group { count: 1 rate_limiter { resources { name: "R" count: 1 } } }""");
        }

        Write("inner", """platform: "ensemble" ensemble_scheduling { step { model_name: "a" model_version: -1 input_map { key: "X" value: "X" } output_map { key: "Y" value: "M" } } step { model_name: "b" model_version: -1 input_map { key: "X" value: "M" } output_map { key: "Y" value: "Y" } } }""");
        Write("outer", """platform: "ensemble" ensemble_scheduling { step { model_name: "inner" model_version: -1 input_map { key: "X" value: "X" } output_map { key: "Y" value: "M" } } step { model_name: "a" model_version: -1 input_map { key: "X" value: "M" } output_map { key: "Y" value: "Y" } } }""");
        await using var server = await RunningServer.StartAsync(folder.FullPath, flags: ["--max-concurrent-executions=1", "--rate-limit=execution_count", "--rate-limit-resource=R:1"]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => server.PostAsync($"/v2/models/{(i % 3 == 0 ? "outer" : i % 3 == 1 ? "inner" : "b")}/infer", $$"""{"inputs":[{"name":"X","datatype":"UINT8","shape":[1],"data":[{{i}}]}]}"""))).WaitAsync(TestTimeouts.Phase, Token);
        for (var i = 0; i < answers.Length; i++)
        {
            Assert.True(answers[i].Status == HttpStatusCode.OK && answers[i].Body.Contains($"\"data\":[{i}]", StringComparison.Ordinal), answers[i].Body);
        }

        void Write(string model, string more)
        {
            folder.Write($"{model}/config.pbtxt", $$"""max_batch_size: 0 input [ { name: "X" {{Tensor}} } ] output [ { name: "Y" {{Tensor}} } ] {{more}}""");
            Directory.CreateDirectory(Path.Combine(folder.FullPath, model, "1"));
        }
    }
}
