using System.Net;
using Grpc.Core;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>What the probes say in every state.</summary>
public sealed class ReadinessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("true", HttpStatusCode.BadRequest)]
    [InlineData("false", HttpStatusCode.OK)]
    public async Task FailedModel_MakesTheServerUnreadyOnlyWhenStrict(string strict, HttpStatusCode expected)
    {
        using var repository = new TemporaryDirectory();
        repository.Write("broken/1/model.onnx", "this is no model"u8);
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true, flags: $"--strict-readiness={strict}");
        using var ready = await server.Http.GetAsync("/v2/health/ready", Token);
        Assert.Equal(expected, ready.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, (await server.Rpc.ServerReadyAsync(new Inference.ServerReadyRequest(), cancellationToken: Token)).Ready);
        using var model = await server.Http.GetAsync("/v2/models/broken/ready", Token);
        Assert.Equal(HttpStatusCode.NotFound, model.StatusCode);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelReadyAsync(new Inference.ModelReadyRequest { Name = "broken" }, cancellationToken: Token));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task EmptyRepository_IsLiveAndReady()
    {
        using var repository = new TemporaryDirectory();
        await using var server = await RunningServer.StartAsync(repository.FullPath);
        using var ready = await server.Http.GetAsync("/v2/health/ready", Token);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task RequestDuringTheStart_WaitsForItsModelInsteadOfBeingTurnedAway()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, waitForModels: false);
        var answer = await server.Over(Encodings.Json).AskAsync(new Question("digits", QuestionInput.Floats("image", [1, 1, 8, 8], new float[64])), Token);
        answer.MustSucceed();
    }
}
