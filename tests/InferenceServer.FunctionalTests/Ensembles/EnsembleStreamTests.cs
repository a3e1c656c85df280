using System.Net;
using System.Text;
using System.Text.Json;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Ensembles;

/// <summary>Ensembles with a decoupled step as clients meet them: over the stream of gRPC and over server-sent events.</summary>
public sealed class EnsembleStreamTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();

    public EnsembleStreamTests()
    {
        StreamRepository.Write(_repository);
        Write("told", "", """
            input [ { name: "IN" data_type: TYPE_INT32 dims: -1 }, { name: "DELAY" data_type: TYPE_UINT32 dims: -1 }, { name: "WAIT" data_type: TYPE_UINT32 dims: 1 } ]
            """, """
            step { model_name: "repeater" model_version: -1 input_map { key: "IN" value: "IN" } input_map { key: "DELAY" value: "DELAY" } input_map { key: "WAIT" value: "WAIT" } output_map { key: "OUT" value: "each" } }
            """);
        Write("endless", "", Number, Squarer);
        Write("bounded", "max_inflight_requests: 2", Number, Squarer);
        Write("broken", "", Number, Squarer, "failing");
    }

    private const string Number = """input { name: "IN" data_type: TYPE_INT32 dims: 1 }""";

    private const string Squarer = """step { model_name: "squarer" model_version: -1 input_map { key: "IN" value: "IN" } output_map { key: "OUT" value: "each" } }""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task RpcStream_HasEachResponseInOrder_AndTheEmptyFinalWhereItIsWanted()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        using var call = server.Rpc.ModelStreamInfer(cancellationToken: Token);
        var request = StreamTest.Repeat("told", [4, 2, 9, 7], wantsEmptyFinal: true);
        request.ModelName = "told";
        await call.RequestStream.WriteAsync(request, Token);
        var answers = await call.EndAsync();
        Assert.All(answers, static answer => Assert.Equal(("", "told", "told"), (answer.ErrorMessage, answer.InferResponse.Id, answer.InferResponse.ModelName)));
        Assert.Equal([4, 2, 9, 7], answers.SkipLast(1).Select(ValueOf));
        Assert.Equal([false, false, false, false, true], answers.Select(static answer => answer.InferResponse.Parameters["triton_final_response"].BoolParam));
        Assert.Empty(answers[^1].InferResponse.Outputs);
        Assert.Equal(4, (await CountAsync(server, "slow")).Executions);
    }

    [Fact]
    public async Task GenerateStream_HasEachResponseAsAnEvent_AndGenerateOneAlone()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        var (status, body) = await server.PostAsync("/v2/models/told/generate_stream", """{"IN":[4,2,9],"DELAY":[0,0,0],"WAIT":0,"id":"r"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.EndsWith("}\n\n", body, StringComparison.Ordinal);
        Assert.Equal([(4, "r", "told"), (2, "r", "told"), (9, "r", "told")], body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(Read));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/models/told/generate", """{"IN":4,"DELAY":0,"WAIT":0}""")).Status);
        Assert.Contains("exactly 1 response", (await server.PostAsync("/v2/models/told/generate", """{"IN":[4,5],"DELAY":[0,0],"WAIT":0}""")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LaterStepThatFails_EndsTheStreamWithItsError()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        using var call = server.Rpc.ModelStreamInfer(cancellationToken: Token);
        await call.RequestStream.WriteAsync(Ask("broken", int.MaxValue), Token);
        var answer = Assert.Single(await call.ReadAsync(1));
        Assert.Contains("in ensemble 'broken', ", answer.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("it broke", answer.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(await call.EndAsync());
        await ExpectFreeAsync(server, "broken");
    }

    [Theory]
    [InlineData("endless")]
    [InlineData("bounded")]
    public async Task RpcClientThatCancels_StopsTheDecoupledStepAndWhatFollowsIt(string model)
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        using (var call = server.Rpc.ModelStreamInfer(cancellationToken: Token))
        {
            await call.RequestStream.WriteAsync(Ask(model, int.MaxValue), Token);
            Assert.Equal(3, (await call.ReadAsync(3)).Count);
        }

        await ExpectFreeAsync(server, model);
    }

    [Theory]
    [InlineData("endless")]
    [InlineData("bounded")]
    public async Task HttpClientThatCloses_StopsTheDecoupledStepAndWhatFollowsIt(string model)
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        using (var content = new ByteArrayContent(Encoding.UTF8.GetBytes($$"""{"IN":{{int.MaxValue}}}""")))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/generate_stream") { Content = content };
            using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Token));
            Assert.Equal((int.MaxValue, "", model), Read((await reader.ReadLineAsync(Token))!));
        }

        await ExpectFreeAsync(server, model);
    }

    /// <summary>
    /// The request has failed, the only instance of the decoupled model is free again, and one more request has exactly one more execution of the later step, however long after: none of those
    /// that were on their way runs any more.
    /// </summary>
    private static async Task ExpectFreeAsync(RunningServer server, string model)
    {
        var patience = Task.Delay(TestTimeouts.Phase, Token);
        while ((await CountAsync(server, model)).Failures == 0 || (await CountAsync(server, "squarer")) is { Failures: 0, Successes: 0 })
        {
            Assert.False(patience.IsCompleted, "the request that nobody reads goes on");
            await Task.Delay(20, Token);
        }

        // The later step is first in, first out: what it had accepted before has ended when this has been answered.
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/models/slow/generate", """{"X":5}""")).Status);
        var before = (await CountAsync(server, "slow")).Executions;
        var (status, body) = await server.PostAsync("/v2/models/endless/generate", """{"IN":1}""").WaitAsync(TestTimeouts.Phase, Token);
        Assert.True(status == HttpStatusCode.OK, body);
        Assert.Contains("\"OUT\":1", body, StringComparison.Ordinal);
        Assert.Equal(before + 1, (await CountAsync(server, "slow")).Executions);
    }

    private static ModelInferRequest Ask(string model, int value) => new() { ModelName = model, Inputs = { StreamTest.Input("IN", [value]) } };

    private static (int Value, string Id, string Model) Read(string line)
    {
        const string Start = "data: ";
        Assert.StartsWith(Start, line, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(line.AsMemory(Start.Length));
        var root = document.RootElement;
        return (root.GetProperty("OUT").GetInt32(), root.TryGetProperty("id", out var id) ? id.GetString()! : "", root.GetProperty("model_name").GetString()!);
    }

    private static int ValueOf(ModelStreamInferResponse answer) => BitConverter.ToInt32(answer.InferResponse.RawOutputContents[0].Span);

    private static async Task<(int Executions, int Successes, int Failures)> CountAsync(RunningServer server, string model)
    {
        using var document = JsonDocument.Parse(await server.Http.GetStringAsync($"/v2/models/{model}/stats", Token));
        var statistics = document.RootElement.GetProperty("model_stats")[0];
        var parts = statistics.GetProperty("inference_stats");
        return (statistics.GetProperty("execution_count").GetInt32(), Count("success"), Count("fail"));

        int Count(string part) => parts.GetProperty(part).GetProperty("count").GetInt32();
    }

    /// <summary>An ensemble whose first step writes "each", once a response, which a second one answers as it came, slowly unless it is another one.</summary>
    private void Write(string name, string limit, string inputs, string first, string second = "slow")
    {
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, name, "1"));
        _repository.Write($"{name}/config.pbtxt", $$"""
            platform: "ensemble"
            {{inputs}}
            output { name: "OUT" data_type: TYPE_INT32 dims: -1 }
            ensemble_scheduling {
              {{limit}}
              {{first}}
              step { model_name: "{{second}}" model_version: -1 input_map { key: "X" value: "each" } output_map { key: "Y" value: "OUT" } }
            }
            """);
    }
}
