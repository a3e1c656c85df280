using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Inference;
using InferenceServer.FunctionalTests.Aliases;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>Two repositories with models of one name, as clients and operators meet them, over both protocols.</summary>
public sealed class NamespaceTests : IDisposable
{
    private const string Choices = "several namespaces have a model of this name; ask for one of 'east::both', 'west::both'";

    private static readonly string[] s_explicit = ["--model-control-mode=explicit"];

    private readonly TemporaryDirectory _folder = new();

    public NamespaceTests()
    {
        _folder.Write("east/both/1/model.onnx", ScaledModel.Of(10));
        _folder.Write("east/both/config.pbtxt", "name: \"both\" max_batch_size: 0");
        _folder.Write("east/single/1/model.onnx", ScaledModel.Of(3));
        _folder.Write("west/both/1/model.onnx", ScaledModel.Of(20));
        _folder.Write("west/other.onnx", ScaledModel.Of(4));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Off_OneNameInTwoRepositories_IsRefusedAndNoSeriesHasANamespace()
    {
        await using var server = await RunningServer.StartAsync(Path.Combine(_folder.FullPath, "east"), expectsErrors: true, flags: ["--model-repository=" + Path.Combine(_folder.FullPath, "west")]);
        Assert.Equal(["both UNAVAILABLE", "other 1 READY", "single 1 READY"], await ScaledModel.IndexAsync(server));
        Assert.Contains(server.LoggedErrors, static error => error.Contains("two or more repositories", StringComparison.Ordinal));
        Assert.DoesNotContain(await AliasRepository.MetricsAsync(server), static line => line.Contains("namespace=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Inference_TakesQualifiedNamesAndPlainOnesThatAreClear()
    {
        await using var server = await StartAsync();
        Assert.Equal(["east::both 1 READY", "east::single 1 READY", "west::both 1 READY", "west::other 1 READY"], await ScaledModel.IndexAsync(server));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "east::both"));
        Assert.Equal(20, await ScaledModel.AskAsync(server, "west%3A%3Aboth/versions/1"));
        Assert.Equal(3, await ScaledModel.AskAsync(server, "single"));
        Assert.Equal(4, await ScaledModel.AskAsync(server, "other"));

        // The answer says who gave it.
        Assert.Contains("\"model_name\":\"east::single\"", (await server.PostAsync("/v2/models/single/infer", ScaledModel.Question)).Body, StringComparison.Ordinal);
        Assert.Equal("east::single", (await server.Rpc.ModelInferAsync(Question("single"), cancellationToken: Token)).ModelName);
        Assert.Equal("west::both", (await server.Rpc.ModelInferAsync(Question("west::both"), cancellationToken: Token)).ModelName);
        Assert.Equal((HttpStatusCode.BadRequest, $$"""{"error":"Request for model 'both': {{Choices}}"}"""), await server.PostAsync("/v2/models/both/infer", ScaledModel.Question));
        Assert.Equal(HttpStatusCode.NotFound, (await server.PostAsync("/v2/models/nothing/infer", ScaledModel.Question)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.PostAsync("/v2/models/north::both/infer", ScaledModel.Question)).Status);
        Assert.Equal((StatusCode.InvalidArgument, "Request for model 'both': " + Choices), await FailAsync(server.Rpc.ModelInferAsync(Question("both"), cancellationToken: Token)));
    }

    [Fact]
    public async Task Descriptions_BearTheNameThatWasAskedFor()
    {
        await using var server = await StartAsync();
        foreach (var name in new[] { "single", "east::single" })
        {
            foreach (var path in new[] { "", "/config", "/versions/1" })
            {
                Assert.StartsWith($"{{\"name\":\"{name}\",", await server.Http.GetStringAsync(new Uri($"/v2/models/{name}{path}", UriKind.Relative), Token), StringComparison.Ordinal);
            }

            Assert.Contains($"[{{\"name\":\"{name}\",", await server.Http.GetStringAsync(new Uri($"/v2/models/{name}/stats", UriKind.Relative), Token), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(new Uri($"/v2/models/{name}/ready", UriKind.Relative), Token)).StatusCode);
            Assert.Equal(name, (await server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = name }, cancellationToken: Token)).Name);
            Assert.Equal(name, (await server.Rpc.ModelConfigAsync(new ModelConfigRequest { Name = name }, cancellationToken: Token)).Config.Name);
            Assert.Equal(name, (await server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = name, Version = "1" }, cancellationToken: Token)).ModelStats.Single().Name);
            Assert.True((await server.Rpc.ModelReadyAsync(new ModelReadyRequest { Name = name }, cancellationToken: Token)).Ready);
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest { Service = name }, cancellationToken: Token)).Status);
        }

        // Lists bear the whole names.
        var all = await server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest(), cancellationToken: Token);
        Assert.Equal(["east::both", "east::single", "west::both", "west::other"], all.ModelStats.Select(static model => model.Name));
        Assert.Contains("/v2/models/east%3A%3Aboth/infer", await server.Http.GetStringAsync(new Uri("/openapi.json", UriKind.Relative), Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/models/both")]
    [InlineData("/v2/models/both/config")]
    [InlineData("/v2/models/both/stats")]
    [InlineData("/v2/models/both/ready")]
    [InlineData("/v2/models/both/versions/1/ready")]
    [InlineData("/v2/models/both/trace/setting")]
    public async Task PlainNameOfTwoModels_IsRefusedOnEveryRoute(string path)
    {
        await using var server = await StartAsync();
        using var answer = await server.Http.GetAsync(new Uri(path, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(Choices, await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainNameOfTwoModels_IsRefusedOnEveryRpc()
    {
        await using var server = await StartAsync();
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "both" }, cancellationToken: Token))).Code);
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(server.Rpc.ModelConfigAsync(new ModelConfigRequest { Name = "both" }, cancellationToken: Token))).Code);
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(server.Rpc.ModelReadyAsync(new ModelReadyRequest { Name = "both" }, cancellationToken: Token))).Code);
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "both" }, cancellationToken: Token))).Code);
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(server.Rpc.TraceSettingAsync(new TraceSettingRequest { ModelName = "both" }, cancellationToken: Token))).Code);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest { Service = "both" }, cancellationToken: Token)).Status);
    }

    [Fact]
    public async Task StreamsAndGenerate_TakeBothKindsOfNames()
    {
        using var streams = new TemporaryDirectory();
        StreamRepository.Write(streams);
        await using var server = await StartAsync("--model-repository=" + streams.FullPath);
        var space = Path.GetFileName(streams.FullPath);
        foreach (var name in new[] { "squarer", $"{space}::squarer" })
        {
            var (status, body) = await server.PostAsync($"/v2/models/{name}/generate_stream", """{"IN": 3}""");
            Assert.True(status == HttpStatusCode.OK, body);
            Assert.Equal(3, body.Split($"\"model_name\":\"{space}::squarer\"").Length - 1);
        }

        Assert.Contains($"\"model_name\":\"{space}::plain\"", (await server.PostAsync("/v2/models/plain/generate", """{"X": [3]}""")).Body, StringComparison.Ordinal);
        using var call = server.Rpc.ModelStreamInfer(cancellationToken: Token);
        foreach (var name in new[] { "single", "both", "east::both" })
        {
            await call.RequestStream.WriteAsync(Question(name), Token);
        }

        await call.RequestStream.CompleteAsync();
        var answers = new List<string>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(Token))
        {
            answers.Add(answer.ErrorMessage.Length > 0 ? answer.ErrorMessage : answer.InferResponse.ModelName);
        }

        Assert.Equal(["Request for model 'both': " + Choices, "east::both", "east::single"], answers.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task LoadsAndUnloads_TakeQualifiedNamesAndPlainOnesThatAreClear()
    {
        await using var server = await StartAsync([.. s_explicit, "--load-model=single", "--load-model=east::single", "--load-model=west::both"]);
        Assert.Equal(["east::both", "east::single 1 READY", "west::both 1 READY", "west::other"], await ScaledModel.IndexAsync(server));

        // One that is not loaded has no plain name yet; the file of the other is not loaded with it.
        Assert.Equal(20, await ScaledModel.AskAsync(server, "both"));
        await DoAsync(server, "other/load");
        Assert.Equal(4, await ScaledModel.AskAsync(server, "other"));
        await RefusedAsync(server, "both/load", HttpStatusCode.BadRequest, "failed to load 'both'", "'east::both', 'west::both'");
        await RefusedAsync(server, "nothing/load", HttpStatusCode.InternalServerError, "no repository has a model of this name");
        await RefusedAsync(server, "east::nothing/load", HttpStatusCode.InternalServerError, "'east::nothing'", "no repository has a model of this name");
        await RefusedAsync(server, "north::both/load", HttpStatusCode.InternalServerError, "there is no namespace 'north', expected one of 'east', 'west'");
        await RefusedAsync(server, "east::.hidden/load", HttpStatusCode.BadRequest, "invalid model name");
        await server.Rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "east::both" }, cancellationToken: Token);
        Assert.Equal(10, await ScaledModel.AskAsync(server, "east::both"));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync("/v2/models/both/infer", ScaledModel.Question)).Status);
        await RefusedAsync(server, "both/unload", HttpStatusCode.BadRequest, "failed to unload 'both'", "'east::both', 'west::both'");
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(server.Rpc.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "both" }, cancellationToken: Token))).Code);
        await DoAsync(server, "west::both/unload");
        Assert.Equal(10, await ScaledModel.AskAsync(server, "both"));
        await DoAsync(server, "both/unload");
        Assert.Equal(HttpStatusCode.NotFound, (await server.PostAsync("/v2/models/east::both/infer", ScaledModel.Question)).Status);
        await DoAsync(server, "nothing/unload");
    }

    [Fact]
    public async Task StartWithAPlainNameOfTwoModels_IsNotReadyAndSaysWhich_UntilOneIsLoaded()
    {
        await using var server = await RunningServer.StartAsync(Path.Combine(_folder.FullPath, "east"), expectsErrors: true, flags: ["--model-repository=" + Path.Combine(_folder.FullPath, "west"), "--model-namespacing=true", .. s_explicit, "--load-model=both"]);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Http.GetAsync(new Uri("/v2/health/ready", UriKind.Relative), Token)).StatusCode);
        Assert.Contains(server.LoggedErrors, static error => error.Contains("name one of 'east::both', 'west::both'", StringComparison.Ordinal));
        await DoAsync(server, "west::both/load");
        Assert.Equal(20, await ScaledModel.AskAsync(server, "both"));
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(new Uri("/v2/health/ready", UriKind.Relative), Token)).StatusCode);
    }

    [Fact]
    public async Task Overrides_AreForTheModelThatTheNameMeans()
    {
        await using var server = await StartAsync([.. s_explicit, "--load-model=*"]);

        // What is exported under either name reads back under either.
        foreach (var (exported, loaded) in new[] { ("single", "east::single"), ("east::single", "single") })
        {
            var config = await server.Http.GetStringAsync(new Uri($"/v2/models/{exported}/config", UriKind.Relative), Token);
            Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync($"/v2/repository/models/{loaded}/load", $$$"""{"parameters":{"config":{{{JsonSerializer.Serialize(config)}}}}}"""));
        }

        await LoadFileAsync(server, "single", 30);
        Assert.Equal(30, await ScaledModel.AskAsync(server, "east::single"));
        await LoadFileAsync(server, "west::single", 40);
        Assert.Equal(40, await ScaledModel.AskAsync(server, "west::single"));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync("/v2/models/single/infer", ScaledModel.Question)).Status);
        await LoadFileAsync(server, "brought", 50);
        Assert.Equal(50, await ScaledModel.AskAsync(server, "brought"));
        Assert.Contains("nv_inference_count{model=\"brought\",version=\"7\"} 1", await AliasRepository.MetricsAsync(server));
        Assert.Equal(StatusCode.InvalidArgument, (await FailAsync(server.Rpc.RepositoryModelLoadAsync(FileOverride("both", 60), cancellationToken: Token))).Code);
        await DoAsync(server, "brought/unload");
    }

    [Fact]
    public async Task Metrics_HavePlainNamesAndNamespaces()
    {
        await using var server = await StartAsync("--metrics-config=histogram_latencies=true");
        await ScaledModel.AskAsync(server, "west::both");
        await ScaledModel.AskAsync(server, "single");
        var lines = await AliasRepository.MetricsAsync(server);
        Assert.Contains("nv_inference_count{model=\"both\",namespace=\"west\",version=\"1\"} 1", lines);
        Assert.Contains("nv_inference_count{model=\"both\",namespace=\"east\",version=\"1\"} 0", lines);
        Assert.Contains("nv_inference_count{model=\"single\",namespace=\"east\",version=\"1\"} 1", lines);
        Assert.Contains("nv_inference_request_failure{model=\"both\",namespace=\"east\",version=\"1\",reason=\"OTHER\"} 0", lines);
        Assert.Contains("nv_inference_first_response_histogram_ms_count{model=\"both\",namespace=\"west\",version=\"1\"} 1", lines);
        Assert.Contains("inference_server_model_load_total{model=\"both\",namespace=\"west\",result=\"success\"} 1", lines);
        Assert.DoesNotContain(lines, static line => line.Contains("::", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OnDemand_PlainNameWakesItsModelAlone()
    {
        await using var server = await StartAsync("--model-residency=on-demand");
        Assert.StartsWith("{\"name\":\"other\",", await server.Http.GetStringAsync(new Uri("/v2/models/other", UriKind.Relative), Token), StringComparison.Ordinal);
        Assert.Equal(3, await ScaledModel.AskAsync(server, "single"));
        Assert.Equal(20, await ScaledModel.AskAsync(server, "west::both"));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync("/v2/models/both/infer", ScaledModel.Question)).Status);
        Assert.Equal(["east::single", "west::both", "west::other"], server.Statuses.Where(static status => status.Served is not null).Select(static status => status.Name));
        Assert.Contains("inference_server_model_cold_start_total{model=\"single\",namespace=\"east\"} 1", await AliasRepository.MetricsAsync(server));
    }

    [Fact]
    public async Task Aliases_StandForModelsOfAnyNamespace()
    {
        await using var server = await StartAsync([.. s_explicit, "--load-model=*"]);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/both", """{"targets": [{"model": "west::both", "weight": 1}]}""");
        Assert.Equal(20, await ScaledModel.AskAsync(server, "both"));
        Assert.StartsWith("{\"name\":\"both\",", await server.Http.GetStringAsync(new Uri("/v2/models/both", UriKind.Relative), Token), StringComparison.Ordinal);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/mine", """{"targets": [{"model": "single", "weight": 1}]}""");
        Assert.Equal(3, await ScaledModel.AskAsync(server, "mine"));
        Assert.Contains("inference_server_alias_request_total{alias=\"both\",model=\"both\",namespace=\"west\",version=\"highest\"} 1", await AliasRepository.MetricsAsync(server));
    }

    [Fact]
    public async Task Poll_ModelOfTheSameNameElsewhere_DisturbsNobodyWhoSaysWhichIsMeant()
    {
        await using var server = await StartAsync("--model-control-mode=poll", "--repository-poll-secs=1");
        Assert.Equal(3, await ScaledModel.AskAsync(server, "single"));
        _folder.Write("west/single/1/model.onnx", ScaledModel.Of(7));
        await Waiting.UntilAsync(async () => (await ScaledModel.IndexAsync(server)).Contains("west::single 1 READY"));
        Assert.Equal(3, await ScaledModel.AskAsync(server, "east::single"));
        Assert.Equal(7, await ScaledModel.AskAsync(server, "west::single"));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync("/v2/models/single/infer", ScaledModel.Question)).Status);
        Assert.Contains(server.Log.Events, static one => one.MessageTemplate.Text.StartsWith("The name {Model} alone stands for several models now", StringComparison.Ordinal));
        Assert.Equal(1, server.Log.Events.Count(static one => one.MessageTemplate.Text.EndsWith("is loading", StringComparison.Ordinal) && one.Properties["Model"].ToString() == "\"east::single\""));
        Directory.Delete(Path.Combine(_folder.FullPath, "east", "single"), recursive: true);
        await Waiting.UntilAsync(async () => (await server.PostAsync("/v2/models/single/infer", ScaledModel.Question)).Status == HttpStatusCode.OK);
        Assert.Equal(7, await ScaledModel.AskAsync(server, "single"));
    }

    [Fact]
    public async Task Check_ShowsQualifiedNames()
    {
        _folder.Write("east/a::b/1/model.onnx", ScaledModel.Of(1));
        _folder.Write("west/aliases.json", """{"aliases": {"x": {"targets": [{"model": "both", "weight": 1, "stable": true}, {"model": "single", "weight": 1}]}}}""");
        using var process = ServerProcess.Start("check", Path.Combine(_folder.FullPath, "east"), Path.Combine(_folder.FullPath, "west"), "--model-namespacing");
        Assert.Equal(1, await process.WaitForExitAsync());
        var output = process.Output + process.Log;
        Assert.Contains("ok      east::both version 1", output, StringComparison.Ordinal);
        Assert.Contains("ok      west::both version 1", output, StringComparison.Ordinal);
        Assert.Contains("error   east::a::b: the name 'a::b' has a '::'", output, StringComparison.Ordinal);
        Assert.Contains("error   aliases.json: alias 'x' names 'both', which several repositories have; write one of 'east::both', 'west::both'", output, StringComparison.Ordinal);
        Assert.Contains("4 would serve, 2 would not, 0 warnings", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RepositoriesOfOneName_AreRefusedAtStart_UnlessALinkGivesOneAnother()
    {
        var (first, second) = (Path.Combine(_folder.FullPath, "east"), Path.Combine(_folder.FullPath, "more", "east"));
        _folder.Write("more/east/both/1/model.onnx", ScaledModel.Of(5));
        using var process = ServerProcess.Start("--model-namespacing=true", "--model-repository=" + first, "--model-repository=" + second);
        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Contains($"the repositories '{first}' and '{second}' would be one namespace, 'east'", process.Log, StringComparison.Ordinal);
        var link = Path.Combine(_folder.FullPath, "link");
        Directory.CreateSymbolicLink(link, second);
        await using var server = await RunningServer.StartAsync(first, flags: ["--model-namespacing=true", "--model-repository=" + link]);
        Assert.Equal(5, await ScaledModel.AskAsync(server, "link::both"));
    }

    private static ModelInferRequest Question(string model) => new()
    {
        ModelName = model,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "FP32", Shape = { 1 }, Contents = new InferTensorContents { Fp32Contents = { 1 } } } },
    };

    private static RepositoryModelLoadRequest FileOverride(string model, float factor) => new()
    {
        ModelName = model,
        Parameters = { ["config"] = new() { StringParam = "{}" }, ["file:7/model.onnx"] = new() { BytesParam = ByteString.CopyFrom(ScaledModel.Of(factor)) } },
    };

    private static async Task LoadFileAsync(RunningServer server, string model, float factor) => await server.Rpc.RepositoryModelLoadAsync(FileOverride(model, factor), cancellationToken: Token);

    private static async Task<(StatusCode Code, string Message)> FailAsync<T>(AsyncUnaryCall<T> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await call);
        return (failure.StatusCode, failure.Status.Detail);
    }

    private static async Task DoAsync(RunningServer server, string path) => Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/" + path, ""));

    private static async Task RefusedAsync(RunningServer server, string path, HttpStatusCode expected, params string[] words)
    {
        var (status, body) = await server.PostAsync("/v2/repository/models/" + path, "");
        Assert.Equal(expected, status);
        using var document = JsonDocument.Parse(body);
        Assert.All(words, word => Assert.Contains(word, document.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal));
    }

    private Task<RunningServer> StartAsync(params string[] flags) =>
        RunningServer.StartAsync(Path.Combine(_folder.FullPath, "east"), flags: ["--model-repository=" + Path.Combine(_folder.FullPath, "west"), "--model-namespacing=true", .. flags]);
}
