using System.Net;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.FunctionalTests.Hostile;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>Every probe in every state of a process: what Kubernetes sees over HTTP, what a client of KServe sees over gRPC, and what both see of a model.</summary>
public sealed class ProbeTests
{
    private const string Tensors = "input { name: \"X\" data_type: TYPE_INT32 dims: -1 } output { name: \"Y\" data_type: TYPE_INT32 dims: -1 }";

    /// <summary>A model that takes an hour for everything.</summary>
    private const string Hour = "parameters { key: \"execute_delay_ms\" value { string_value: \"3600000\" } }";

    /// <summary>The same with a warm-up, so that it takes an hour to load.</summary>
    private const string HourToLoad = Hour + " model_warmup { name: \"w\" batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_INT32 dims: 1 zero_data: true } } }";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A state in which the process lives and a model serves, and whether it is ready in it.</summary>
    public static TheoryData<ProbedState, bool> States => new()
    {
        { ProbedState.Ready, true },
        { ProbedState.LoadingAnother, true },
        { ProbedState.Degraded, false },
        { ProbedState.DegradedAndLenient, true },
        { ProbedState.Stalled, false },
        { ProbedState.Draining, false },
    };

    [Theory]
    [MemberData(nameof(States))]
    public async Task Probes_TellTheTruth(ProbedState state, bool isReady)
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "fine", "");
        string[] flags = [];
        switch (state)
        {
            case ProbedState.LoadingAnother:
                Write(repository, "slow", HourToLoad);
                flags = ["--model-control-mode=explicit", "--load-model=fine"];
                break;
            case ProbedState.Degraded or ProbedState.DegradedAndLenient:
                repository.Write("broken/1/model.onnx", "this is no model"u8);
                flags = [$"--strict-readiness={(state == ProbedState.Degraded ? "true" : "false")}"];
                break;
            case ProbedState.Stalled:
                Write(repository, "slow", Hour);
                flags = ["--model-auto-warmup=false", "--stall-timeout-secs=1"];
                break;
            case ProbedState.Draining:
                flags = ["--drain-delay-secs=3600"];
                break;
        }

        using var server = ServerProcess.Start(["--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", $"--model-repository={repository.FullPath}", .. flags]);
        using var http = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = Timeout.InfiniteTimeSpan };
        using var channel = GrpcChannel.ForAddress(server.RpcAddress);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var busy = await EnterAsync(state, server, http, patience.Token);
        await Waiting.UntilAsync(async () => await StatusAsync(http, "/v2/health/ready") == HttpStatusCode.OK == isReady);

        await CheckAsync(http, channel, server.MetricsAddress, isReady);

        // What serves goes on, whatever else is wrong; that of a process which is about to go is not recommended any more.
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        var isRecommended = state != ProbedState.Draining;
        Assert.Equal(isRecommended ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, await StatusAsync(http, "/v2/models/fine/ready"));
        Assert.Equal(isRecommended, await IsReadyAsync(client, "fine"));
        using var answer = await http.PostAsync("/v2/models/fine/infer", Question(), Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        if (state is ProbedState.LoadingAnother or ProbedState.Stalled)
        {
            Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(http, "/v2/models/slow/ready"));
            Assert.False(await IsReadyAsync(client, "slow"));
        }

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll([.. busy, Task.FromCanceled(patience.Token)]));
    }

    /// <summary>The ports are open before the first models serve, and say so.</summary>
    [Fact]
    public async Task Process_ThatStarts_LivesAndIsNotReady()
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "fine", "");
        Write(repository, "slow", HourToLoad);
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true, waitForModels: false);
        await Waiting.UntilAsync(() => Task.FromResult(server.Statuses.Any(static status => status.Name == "fine" && status.State == ModelState.Ready)));
        await CheckAsync(server.Http, server.Channel, new Uri(server.MetricsAddress), isReady: false);
        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(server.Http, "/v2/models/slow/ready"));
        Assert.False(await IsReadyAsync(server.Rpc, "slow"));
    }

    [Fact]
    public async Task Process_ThatHasEnded_AnswersNoProbe()
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "fine", "");
        using var server = ServerProcess.Start("--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", $"--model-repository={repository.FullPath}");
        using var http = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/v2/health/live"));
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => StatusAsync(http, "/v2/health/live"));
    }

    /// <summary>All that asks for the whole process says the same.</summary>
    private static async Task CheckAsync(HttpClient http, GrpcChannel channel, Uri metrics, bool isReady)
    {
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/v2/health/live"));
        Assert.Equal(isReady ? HttpStatusCode.OK : HttpStatusCode.BadRequest, await StatusAsync(http, "/v2/health/ready"));
        Assert.True((await client.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Token)).Live);
        Assert.Equal(isReady, (await client.ServerReadyAsync(new ServerReadyRequest(), cancellationToken: Token)).Ready);
        Assert.Equal(
            isReady ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing,
            (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Token)).Status);
        Assert.Equal(isReady ? 1 : 0, BesiegedServer.Sum(await http.GetStringAsync(metrics, Token), "inference_server_ready"));
    }

    /// <summary>Brings a process into a state that it does not come to by itself; what it was asked for that ends no sooner than the process.</summary>
    private static async Task<Task[]> EnterAsync(ProbedState state, ServerProcess server, HttpClient http, CancellationToken token)
    {
        switch (state)
        {
            case ProbedState.LoadingAnother:
                var load = http.PostAsync("/v2/repository/models/slow/load", null, token);
                await Waiting.UntilAsync(() => Task.FromResult(server.Log.Contains("slow version 1 is loading", StringComparison.Ordinal)));
                return [load];
            case ProbedState.Stalled:
                Task[] asked = [http.PostAsync("/v2/models/slow/infer", Question(), token), http.PostAsync("/v2/models/slow/infer", Question(), token)];
                await Waiting.UntilAsync(async () => await StatusAsync(http, "/v2/models/slow/ready") != HttpStatusCode.OK);
                return asked;
            case ProbedState.Draining:
                await Waiting.UntilAsync(async () => await StatusAsync(http, "/v2/health/ready") == HttpStatusCode.OK);
                server.Signal(ServerProcess.SigTerm);
                return [];
            default:
                return [];
        }
    }

    private static StringContent Question() => new("{\"inputs\":[{\"name\":\"X\",\"datatype\":\"INT32\",\"shape\":[1],\"data\":[7]}]}");

    private static void Write(TemporaryDirectory repository, string model, string more)
    {
        repository.Write($"{model}/1/readme", "one version");
        repository.Write($"{model}/config.pbtxt", $"backend: \"identity\" {Tensors} {more}");
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(path, Token);
        return answer.StatusCode;
    }

    private static async Task<bool> IsReadyAsync(GRPCInferenceService.GRPCInferenceServiceClient client, string model)
    {
        try
        {
            return (await client.ModelReadyAsync(new ModelReadyRequest { Name = model }, cancellationToken: Token)).Ready;
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.NotFound)
        {
            return false;
        }
    }
}
