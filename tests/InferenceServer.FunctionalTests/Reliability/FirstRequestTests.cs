using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>How much longer the first request after the load of a model takes than the next hundred; printed, never asserted.</summary>
public sealed class FirstRequestTests(ITestOutputHelper output)
{
    private const int Next = 100;

    private static readonly string[] s_models = ["add_sub", "digits", "digits_fp16", "text_embedding", "wine"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--model-auto-warmup=true")]
    [InlineData("--model-auto-warmup=false")]
    public async Task FirstRequestOfEachSampleModel_IsAnsweredLikeTheNext(string flag)
    {
        var rounds = Stress.IsLong ? 20 : 1;
        var cold = new List<double>();
        var ratios = s_models.ToDictionary(static model => model, static _ => new List<double>());
        var paused = s_models.ToDictionary(static model => model, static _ => new List<double>());
        var again = s_models.ToDictionary(static model => model, static _ => new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            using var server = ServerProcess.Start($"--model-repository={Path.Combine(RepositoryRoot.Path, "model-repository")}", "--model-control-mode=explicit", "--load-model=identity", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", flag);
            using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };

            // The first request of a process pays for the code of the web server and of the protocol, which no model can be warmed up for.
            cold.Add(await RatioAsync(client, "identity"));
            foreach (var model in s_models)
            {
                await ControlAsync(client, model, "load");
                ratios[model].Add(await RatioAsync(client, model));
            }

            // By now only the models themselves are new.
            foreach (var model in s_models)
            {
                await ControlAsync(client, model, "unload");
                var started = Stopwatch.GetTimestamp();
                await ControlAsync(client, model, "load");
                var load = Stopwatch.GetElapsedTime(started);
                again[model].Add(await RatioAsync(client, model));

                // What is left when nothing has been loaded at all: whoever has waited begins slowly.
                await Task.Delay(load, Token);
                paused[model].Add(await RatioAsync(client, model));
            }
        }

        output.WriteLine($"{flag}: the first request over the median of the next {Next}, median and worst of {rounds} processes");
        output.WriteLine(Describe("the process's very first (identity)", cold));
        foreach (var (model, all) in ratios)
        {
            output.WriteLine($"{Describe(model, all)}; {Describe("loaded again", again[model])}; {Describe("not loaded, after as long a pause", paused[model])}");
        }
    }

    private static async Task ControlAsync(HttpClient client, string model, string what)
    {
        using var response = await client.PostAsync($"/v2/repository/models/{model}/{what}", null, Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static string Describe(string what, List<double> ratios)
    {
        ratios.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"{what}: {ratios[ratios.Count / 2]:F2}, at most {ratios[^1]:F2}");
    }

    private static async Task<double> RatioAsync(HttpClient client, string model)
    {
        var metadata = JsonNode.Parse(await client.GetStringAsync($"/v2/models/{model}", Token))!;
        var body = new JsonObject { ["inputs"] = MadeUpInputs.Of(metadata) }.ToJsonString();
        var times = new List<long>();
        for (var i = 0; i <= Next; i++)
        {
            var started = Stopwatch.GetTimestamp();
            using var content = new StringContent(body);
            using var response = await client.PostAsync($"/v2/models/{model}/infer", content, Token);
            await response.Content.ReadAsByteArrayAsync(Token);
            times.Add(Stopwatch.GetTimestamp() - started);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        var first = times[0];
        times.RemoveAt(0);
        times.Sort();
        return (double)first / times[Next / 2];
    }
}
