using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Inference;
using InferenceServer.FunctionalTests.Aliases;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>What is promised of a new version that sees a part of the traffic, or copies of it.</summary>
public sealed class CanaryTests(ITestOutputHelper output) : IDisposable
{
    private const int Promotions = 20;

    private readonly TemporaryDirectory _repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task TenPercent_OfTheRequestsOfBothProtocols_AreTenPercent()
    {
        AliasRepository.WriteVersions(_repository, 1, 2);
        _repository.Write("aliases.json", """{"aliases": {"live": {"targets": [{"model": "m", "version": 1, "weight": 90, "stable": true}, {"model": "m", "version": 2, "weight": 10}]}}}""");
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        var requests = Stress.IsLong ? 10_000 : 2_000;
        var canary = 0;
        for (var i = 0; i < requests; i++)
        {
            canary += (i % 2 == 0 ? await AskVersionAsync(server) : await AskVersionOverRpcAsync(server)) == 2 ? 1 : 0;
        }

        // What chance allows: beyond three standard deviations lies one run in 370, beyond five one in 1.7 millions.
        var deviation = Math.Sqrt(requests * 0.1 * 0.9);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{canary} of {requests} requests, {(canary - (requests * 0.1)) / deviation:F2} standard deviations from a tenth"));
        Assert.InRange(Math.Abs(canary - (requests * 0.1)), 0, (Stress.IsLong ? 3 : 5) * deviation);
        var metrics = await AliasRepository.MetricsAsync(server);
        Assert.Contains($"inference_server_alias_request_total{{alias=\"live\",model=\"m\",version=\"1\"}} {requests - canary}", metrics);
        Assert.Contains($"inference_server_alias_request_total{{alias=\"live\",model=\"m\",version=\"2\"}} {canary}", metrics);
        Assert.Contains("inference_server_alias_share{alias=\"live\",model=\"m\",version=\"2\"} 0.1", metrics);
    }

    [Theory]
    [InlineData("fail", "it errs")]
    [InlineData("execute_delay_ms", "20000")]
    public async Task ShadowThatErrsOrHangs_ChangesNothingThatAClientSees(string key, string value)
    {
        AliasRepository.WriteEcho(_repository, "good");
        AliasRepository.WriteEcho(_repository, "shadow", key, value);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/plain", """{"targets": [{"model": "good", "weight": 1}]}""");
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", """{"targets": [{"model": "good", "weight": 1}], "shadow": {"model": "shadow"}}""");
        var requests = Stress.IsLong ? 5_000 : 300;
        var (expected, plain) = await AskAllAsync(server, "plain", requests);
        var (seen, shadowed) = await AskAllAsync(server, "live", requests);

        // Had one request waited for a shadow that hangs, this line would never have been reached in time.
        output.WriteLine($"shadow with {key}={value}: {requests} requests took {shadowed.TotalSeconds:F2} s, without a shadow {plain.TotalSeconds:F2} s");
        Assert.Equal(expected, seen);
        var metrics = await AliasRepository.MetricsAsync(server);
        Assert.Contains($"inference_server_alias_request_total{{alias=\"live\",model=\"good\",version=\"highest\"}} {requests}", metrics);
        Assert.Contains("inference_server_alias_failure_total{alias=\"live\",model=\"good\",version=\"highest\"} 0", metrics);
        Assert.All(metrics.Where(static line => line.StartsWith("nv_inference_request_failure{model=\"good\"", StringComparison.Ordinal)), static line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
        var alias = await AliasRepository.DoAsync(server, "GET", "/v2/aliases/live");
        var shadow = alias.GetProperty("shadow");
        Assert.True(key == "fail" ? shadow.GetProperty("failed").GetInt32() > 0 : shadow.GetProperty("in_flight").GetInt32() > 0, shadow.ToString());
        Assert.Empty(server.LoggedErrors);
    }

    [Theory]
    [InlineData("fail_every", "2", "\"max_error_rate\": 0.2", "error_rate")]
    [InlineData("execute_delay_ms", "150", "\"max_latency_ms\": 50", "latency")]
    public async Task NewVersionThatErrsOrIsSlow_IsRolledBackByItself(string key, string value, string limit, string cause)
    {
        AliasRepository.WriteEcho(_repository, "good");
        AliasRepository.WriteEcho(_repository, "new", key, value);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", $$"""{"targets": [{"model": "good", "weight": 80, "stable": true}, {"model": "new", "weight": 20}], "rollback": { {{limit}}, "min_requests": 10} }""");
        var asked = 0;
        var failed = 0;
        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while ((await AliasRepository.DoAsync(server, "GET", "/v2/aliases/live")).TryGetProperty("rolled_back", out _) is false)
        {
            patience.Token.ThrowIfCancellationRequested();
            asked++;
            failed += (await server.PostAsync("/v2/models/live/infer", ScaledModel.Question)).Status == HttpStatusCode.OK ? 0 : 1;
        }

        // From now on nobody meets it any more.
        for (var i = 0; i < 100; i++)
        {
            var (status, body) = await server.PostAsync("/v2/models/live/infer", ScaledModel.Question);
            Assert.True(status == HttpStatusCode.OK, body);
            Assert.Contains("\"model_name\":\"good\"", body, StringComparison.Ordinal);
        }

        var alias = await AliasRepository.DoAsync(server, "GET", "/v2/aliases/live");
        output.WriteLine($"rolled back after {asked} requests, of which {failed} failed: {alias.GetProperty("rolled_back").GetProperty("reason").GetString()}");
        Assert.Equal(cause, alias.GetProperty("rolled_back").GetProperty("cause").GetString());
        Assert.Equal(1, alias.GetProperty("targets")[0].GetProperty("share").GetDouble());
        Assert.Equal(20, alias.GetProperty("previous").GetProperty("targets")[1].GetProperty("weight").GetDouble());
        Assert.Contains($"inference_server_alias_rollback_total{{alias=\"live\",cause=\"{cause}\"}} 1", await AliasRepository.MetricsAsync(server));
        var (_, index) = await server.PostAsync("/v2/repository/index", "");
        Assert.Contains("alias: 'good' 100 %; rolled back: of 'new', ", index, StringComparison.Ordinal);
        Assert.Contains(server.Log.Events, static one => one.MessageTemplate.Text.Contains("is rolled back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PromotionsUnderLoad_LoseNothingAndNoOldAnswerComesAfterThem()
    {
        AliasRepository.WriteVersions(_repository, 1, 2);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", """{"targets": [{"model": "m", "version": 1, "weight": 100, "stable": true}, {"model": "m", "version": 2, "weight": 0}]}""");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var pause = TimeSpan.FromMilliseconds(Stress.IsLong ? 500 : 50);

        // Twice the number of promotions that have ended, and one more while one is on its way.
        var steps = 0;
        var answers = 0;
        var checkedAnswers = 0;
        var asking = AskAtRateAsync();
        for (var i = 0; i < Promotions; i++)
        {
            await Task.Delay(pause, Token);
            var next = i % 2 == 0 ? 2 : 1;
            Interlocked.Increment(ref steps);
            await AliasRepository.DoAsync(server, "POST", "/v2/aliases/live/promote", $$"""{"model": "m", "version": {{next}}}""");
            Interlocked.Increment(ref steps);
        }

        await Task.Delay(pause, Token);
        await ending.CancelAsync();
        await asking;
        output.WriteLine($"{Promotions} promotions, {answers} answers, none lost; {checkedAnswers} were asked for between two promotions, none came from the wrong version");
        Assert.InRange(checkedAnswers, Promotions, int.MaxValue);

        async Task AskAtRateAsync()
        {
            var asked = new List<Task>();
            var clock = Stopwatch.StartNew();
            while (!ending.IsCancellationRequested)
            {
                while (asked.Count < clock.Elapsed.TotalSeconds * 200)
                {
                    asked.Add(AskOneAsync());
                }

                await Task.Delay(2, CancellationToken.None);
            }

            await Task.WhenAll(asked);
        }

        async Task AskOneAsync()
        {
            var before = Volatile.Read(ref steps);
            var version = await AskVersionAsync(server);
            Interlocked.Increment(ref answers);

            // Only when no promotion was on its way, or began meanwhile, is it known who must have answered.
            if (before % 2 == 0 && Volatile.Read(ref steps) == before)
            {
                Assert.Equal(before % 4 == 0 ? 1 : 2, version);
                Interlocked.Increment(ref checkedAnswers);
            }
        }
    }

    /// <summary>The version that answers, which its answer must bear out.</summary>
    private static async Task<int> AskVersionAsync(RunningServer server)
    {
        var (status, body) = await server.PostAsync("/v2/models/live/infer", ScaledModel.Question);
        Assert.True(status == HttpStatusCode.OK, body);
        using var document = JsonDocument.Parse(body);
        Assert.Equal("m", document.RootElement.GetProperty("model_name").GetString());
        var version = int.Parse(document.RootElement.GetProperty("model_version").GetString()!, CultureInfo.InvariantCulture);
        Assert.Equal(version, document.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle());
        return version;
    }

    private static async Task<int> AskVersionOverRpcAsync(RunningServer server)
    {
        var request = new ModelInferRequest { ModelName = "live" };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "FP32", Shape = { 1 }, Contents = new InferTensorContents { Fp32Contents = { 1 } } });
        var answer = await server.Rpc.ModelInferAsync(request, cancellationToken: Token);
        Assert.Equal("m", answer.ModelName);
        var version = int.Parse(answer.ModelVersion, CultureInfo.InvariantCulture);
        Assert.Equal(version, BitConverter.ToSingle(answer.RawOutputContents[0].Span));
        return version;
    }

    /// <summary>The answers of a number of clients, each different one once, and how long it took.</summary>
    private static async Task<(HashSet<(HttpStatusCode, string)> Answers, TimeSpan Took)> AskAllAsync(RunningServer server, string model, int requests)
    {
        var answers = new HashSet<(HttpStatusCode, string)>();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < requests; i++)
        {
            answers.Add(await server.PostAsync($"/v2/models/{model}/infer", ScaledModel.Question));
        }

        return (answers, clock.Elapsed);
    }
}
