using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Inference;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>Ten times as many requests as can be answered, each with a deadline, for a server in a process of its own.</summary>
public sealed class OverloadTests(ITestOutputHelper output)
{
    private const int Times = 10;
    private const string Http = "HTTP";
    private const string Rpc = "gRPC";

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task ModelThatWaits_TenTimesItsCapacity_StaysUseful() => ModelWaitsAsync(Http);

    [Fact]
    public Task ModelThatWaits_TenTimesItsCapacityOverRpc_StaysUseful() => ModelWaitsAsync(Rpc);

    private Task ModelWaitsAsync(string protocol)
    {
        var repository = new TemporaryDirectory();
        repository.Write("waits/config.pbtxt", """
            backend: "identity"
            max_batch_size: 4
            input { name: "X" data_type: TYPE_FP32 dims: 16 }
            output { name: "Y" data_type: TYPE_FP32 dims: 16 }
            parameters { key: "execute_delay_ms" value { string_value: "40" } }
            """);
        Directory.CreateDirectory(Path.Combine(repository.FullPath, "waits", "1"));
        return RunAsync(protocol, repository, "waits", 1000);
    }

    [Fact]
    public Task ModelThatComputes_TenTimesItsCapacity_StaysUseful() => ModelComputesAsync(Http);

    [Fact]
    public Task ModelThatComputes_TenTimesItsCapacityOverRpc_StaysUseful() => ModelComputesAsync(Rpc);

    private Task ModelComputesAsync(string protocol)
    {
        // On one of the processors, so that the other is left for those who ask.
        var repository = new TemporaryDirectory();
        repository.Write("computes/1/model.onnx", PerceptronModel.Of(width: 512, layers: 1000, sharesWeights: true));
        repository.Write("computes/config.pbtxt", "max_batch_size: 2 instance_group { count: 1 } parameters { key: \"intra_op_thread_count\" value { string_value: \"1\" } }");
        return RunAsync(protocol, repository, "computes", 600);
    }

    /// <param name="protocol">What is asked over.</param>
    /// <param name="repository">Where the model is.</param>
    /// <param name="model">Its name.</param>
    /// <param name="leastRate">What is sent in a second at least: more than it can do, even if the machine had other things to do while that was measured.</param>
    private async Task RunAsync(string protocol, TemporaryDirectory repository, string model, double leastRate)
    {
        using var folder = repository;
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the memory of a process is read from /proc");
        using var server = ServerProcess.Start($"--model-repository={folder.FullPath}", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1");
        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };

        // Calls that wait do not keep others from being sent.
        using var channel = GrpcChannel.ForAddress(server.RpcAddress, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true }, DisposeHttpClient = true });
        var inputs = MadeUpInputs.Of(JsonNode.Parse(await http.GetStringAsync($"/v2/models/{model}", Token))!);
        var client = new OverloadClient(protocol == Http
            ? new OverloadOverHttp(http, model, Encoding.UTF8.GetBytes(new JsonObject { ["inputs"] = inputs }.ToJsonString()))
            : new OverloadOverRpc(new GRPCInferenceService.GRPCInferenceServiceClient(channel), MessageOf(model, inputs)));
        await client.AskInTurnAsync(16, TimeSpan.FromSeconds(Stress.IsLong ? 5 : 1));
        var capacity = await client.AskInTurnAsync(16, TimeSpan.FromSeconds(Stress.IsLong ? 10 : 1));
        var memory = Stress.ResidentBytes(server.Id);

        using var watching = new CancellationTokenSource();
        var peak = WatchMemoryAsync(server.Id, watching.Token);
        var duration = TimeSpan.FromSeconds(Stress.IsLong ? 60 : 3);
        var (outcomes, rate, end) = await client.AskAtRateAsync(Math.Max(capacity * Times, leastRate), duration, s_deadline);
        await watching.CancelAsync();
        var most = await peak;

        var answered = outcomes.Where(static one => one.End == OverloadEnd.Answered).Select(static one => one.Milliseconds).Order().ToList();
        var late = outcomes.Count(static one => one.End == OverloadEnd.Late) + answered.Count(static one => one > s_deadline.TotalMilliseconds);
        var refused = outcomes.Where(static one => one.End == OverloadEnd.Refused).Select(static one => one.Milliseconds).Order().ToList();

        // What is answered when nobody asks any more is left out.
        var good = outcomes.Count(one => one.End == OverloadEnd.Answered && one.Ended <= end && one.Milliseconds <= s_deadline.TotalMilliseconds) / duration.TotalSeconds;
        var accepted = outcomes.Count - refused.Count;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {model} over {protocol}: capacity {capacity:F1} requests a second; sent {rate:F1} a second for {duration.TotalSeconds:F0} s, {outcomes.Count} in all, deadline {s_deadline.TotalMilliseconds:F0} ms
            answered in time {good:F1} a second, {good / capacity:P1} of the capacity; {late} of {accepted} accepted too late, {(double)late / accepted:P2}
            latency of answers in ms: median {At(answered, 0.5):F1}, p99 {At(answered, 0.99):F1}, at most {At(answered, 1):F1}
            {refused.Count} refused, latency in ms: median {At(refused, 0.5):F2}, p90 {At(refused, 0.9):F2}, p99 {At(refused, 0.99):F2}, at most {At(refused, 1):F2}
            resident: {memory >> 20} MiB before, {most >> 20} MiB at most
            """));

        // Whoever is not answered is told why, and in no other way than these.
        Assert.All(outcomes, static one => Assert.True(one.End != OverloadEnd.Failed, $"{one}"));
        Assert.NotEmpty(answered);
        Assert.NotEmpty(refused);
        Assert.InRange(most, 0, memory + (256L << 20));
        Assert.True(await client.AskInTurnAsync(1, TimeSpan.FromMilliseconds(1)) > 0);
        if (Stress.IsLong)
        {
            Assert.InRange(good, 0.9 * capacity, double.MaxValue);
            Assert.InRange(late, 0, accepted / 100);
            Assert.InRange(At(refused, 0.99), 0, 10);
        }
    }

    private static ModelInferRequest MessageOf(string model, JsonArray inputs)
    {
        var message = new ModelInferRequest { ModelName = model };
        foreach (var input in inputs)
        {
            var contents = new InferTensorContents();
            contents.Fp32Contents.AddRange(Numbers(input!["data"]!));
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor
            {
                Name = input["name"]!.GetValue<string>(),
                Datatype = input["datatype"]!.GetValue<string>(),
                Shape = { input["shape"]!.AsArray().Select(static length => length!.GetValue<long>()) },
                Contents = contents,
            });
        }

        return message;
    }

    private static IEnumerable<float> Numbers(JsonNode data) => data is JsonArray array ? array.SelectMany(static one => Numbers(one!)) : [data.GetValue<int>()];

    private static double At(List<double> sorted, double quantile) => sorted.Count == 0 ? double.NaN : sorted[(int)(quantile * (sorted.Count - 1))];

    private static async Task<long> WatchMemoryAsync(int process, CancellationToken ended)
    {
        var peak = 0L;
        while (!ended.IsCancellationRequested)
        {
            peak = Math.Max(peak, Stress.ResidentBytes(process));
            await Task.Delay(100, Token);
        }

        return peak;
    }
}
