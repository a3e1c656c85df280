using System.Text.Json;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.ContainerTests.Image;

/// <summary>The other images, on request: they take minutes and gigabytes.</summary>
public sealed class VariantTests(EngineFixture engine)
{
    [Theory]
    [InlineData("samples/tree-models")]
    [InlineData("samples/torch-models")]
    public async Task ImageWithAllBackends_ServesTheirSamples(string samples)
    {
        Require();
        var (exitCode, output) = await Command.RunAsync(Path.Combine(RepositoryRoot.Path, ".ci", "containers"), "all");
        Assert.True(exitCode == 0, output);

        await using var server = await ServerContainer.StartAsync(engine, Path.Combine(RepositoryRoot.Path, samples), image: "localhost/inference-server:tests-all");

        Assert.Equal(Directory.GetDirectories(Path.Combine(RepositoryRoot.Path, samples)).Length, await CountReadyAsync(server));
    }

    [Fact]
    public async Task ImageOfTheSdk_ServesTheSamples()
    {
        Require();
        var (exitCode, output) = await Command.RunAsync(Path.Combine(RepositoryRoot.Path, ".ci", "publish-container"));
        Assert.True(exitCode == 0, output);

        await using var server = await ServerContainer.StartAsync(engine, Path.Combine(RepositoryRoot.Path, "model-repository"), image: "localhost/inference-server:published");

        Assert.Equal(Directory.GetDirectories(Path.Combine(RepositoryRoot.Path, "model-repository")).Length, await CountReadyAsync(server));
    }

    private static async Task<int> CountReadyAsync(ServerContainer server)
    {
        using var answer = await server.Http.PostAsync("v2/repository/index", null, TestContext.Current.CancellationToken);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.EnumerateArray().Count(static model => model.GetProperty("state").GetString() == "READY");
    }

    private void Require()
    {
        engine.Require();
        Assert.SkipUnless(Environment.GetEnvironmentVariable("INFERENCE_SERVER_STRESS") == "1", "INFERENCE_SERVER_STRESS=1 builds and runs the other images");
    }
}
