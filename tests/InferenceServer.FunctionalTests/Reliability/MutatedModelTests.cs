using System.Net;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>Damaged models are loaded into a server of its own process, one after the other, each warmed up where it loads at all: the server lives, and the others are served.</summary>
public sealed class MutatedModelTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DamagedOnnxFiles_NeverBringTheServerDown()
    {
        byte[][] models = [.. new[] { "add_sub", "digits", "digits_prepare", "digits_decide", "wine" }.Select(static name => File.ReadAllBytes(RepositoryFiles.SampleModel(name)))];
        using var repository = new TemporaryDirectory();
        repository.Write("good/1/model.onnx", models[0]);
        using var server = ServerProcess.Start("--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", $"--model-repository={repository.FullPath}", "--model-control-mode=explicit", "--load-model=good");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var loaded = 0;
        for (var i = 0; i < (Stress.IsLong ? 10_000 : 400); i++)
        {
            var damaged = ModelMutation.Of(models[i % models.Length], random);
            using var body = new StringContent("{\"parameters\":{\"config\":\"{}\",\"file:1/model.onnx\":\"" + Convert.ToBase64String(damaged) + "\"}}");
            try
            {
                using var response = await client.PostAsync("/v2/repository/models/damaged/load", body, Token);
                var said = await response.Content.ReadAsStringAsync(Token);
                Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.ServiceUnavailable or HttpStatusCode.InternalServerError or HttpStatusCode.NotImplemented, $"file {i} of seed {seed}: {response.StatusCode} {said}");
                Assert.True(response.IsSuccessStatusCode || said.StartsWith("{\"error\":\"", StringComparison.Ordinal), said);
                loaded += response.IsSuccessStatusCode ? 1 : 0;
            }
            catch (HttpRequestException exception)
            {
                Assert.Fail($"file {i} of seed {seed} has brought the server down ({exception.Message}):\n{server.Log[^Math.Min(server.Log.Length, 2000)..]}");
            }

            if (i % 100 == 99)
            {
                using var still = await client.GetAsync("/v2/models/good/ready", Token);
                Assert.Equal(HttpStatusCode.OK, still.StatusCode);
            }
        }

        output.WriteLine($"{loaded} could be loaded");
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
    }
}
