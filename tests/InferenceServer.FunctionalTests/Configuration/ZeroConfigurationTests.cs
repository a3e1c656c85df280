using InferenceServer.Core.Lifecycle;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Configuration;

/// <summary>What serves without a configuration file, and what one that only narrows does.</summary>
public sealed class ZeroConfigurationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BareFileAndBareFolder_ServeWithEverythingFromTheModel()
    {
        using var repository = new TemporaryDirectory();
        var model = File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx"));
        repository.Write("bare.onnx", model);
        repository.Write("folder/3/model.onnx", model);
        repository.Write("nested/1/model.onnx/model.onnx", model);
        repository.Write("ignored.txt", "not a model");
        await using var server = await RunningServer.StartAsync(repository.FullPath);
        Assert.All(server.Statuses, static status => Assert.Equal(ModelState.Ready, status.State));
        Assert.Equal([("bare", 1L), ("folder", 3L), ("nested", 1L)], server.Statuses.Select(static status => (status.Name, status.Version!.Value)));
        foreach (var name in new[] { "bare", "folder", "nested" })
        {
            var answer = await server.Over(Encodings.Rpc).AskAsync(new Question(name, QuestionInput.Floats("image", [2, 1, 8, 8], new float[128])), Token);
            Assert.Equal([2, 10], answer.MustSucceed()["probs"].Shape);
        }

        Assert.Equal(
            """{"name":"bare","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"image","datatype":"FP32","shape":[-1,1,8,8]}],"outputs":[{"name":"probs","datatype":"FP32","shape":[-1,10]}]}""",
            await server.Http.GetStringAsync("/v2/models/bare", Token));
    }

    [Fact]
    public async Task WeightsListedAmongTheInputs_AreNoInputsAndDoNotKeepAModelFromBatching()
    {
        // As older exporters write models: every initialiser is an input too, whose value a request may replace.
        using var repository = new TemporaryDirectory();
        repository.Write("older.onnx", new OnnxModelBuilder()
            .Input("X", OnnxElementType.Float, "batch", 2)
            .Input("W", OnnxElementType.Float, 2, 2)
            .Output("Y", OnnxElementType.Float, "batch", 2)
            .Initializer("W", OnnxTensor.Floats([2, 2], 1, 2, 3, 4))
            .Node("MatMul", ["X", "W"], ["Y"])
            .Build());
        await using var server = await RunningServer.StartAsync(repository.FullPath);
        var answer = await server.Over(Encodings.Json).AskAsync(new Question("older", QuestionInput.Floats("X", [2, 2], 1, 0, 0, 1)), Token);
        Assert.Equal([1, 2, 3, 4], answer.MustSucceed()["Y"].Numbers);
        var config = (await server.Rpc.ModelConfigAsync(new Inference.ModelConfigRequest { Name = "older" }, cancellationToken: Token)).Config;
        Assert.Equal("X", Assert.Single(config.Input).Name);
        Assert.Equal(4, config.MaxBatchSize);
    }

    [Fact]
    public async Task VersionPolicy_ServesTheVersionsThatItNames()
    {
        using var repository = new TemporaryDirectory();
        var model = File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx"));
        foreach (var (name, policy) in new[] { ("newest", ""), ("two", "version_policy { latest { num_versions: 2 } }"), ("all", "version_policy { all { } }"), ("some", "version_policy { specific { versions: [ 1, 3, 9 ] } }") })
        {
            repository.Write($"{name}/config.pbtxt", policy);
            for (var version = 1; version <= 3; version++)
            {
                repository.Write($"{name}/{version}/model.onnx", model);
            }
        }

        await using var server = await RunningServer.StartAsync(repository.FullPath);
        Assert.Equal(
            ["all/1", "all/2", "all/3", "newest/3", "some/1", "some/3", "two/2", "two/3"],
            server.Statuses.Select(static status => $"{status.Name}/{status.Version}"));
        var metadata = await server.Rpc.ModelMetadataAsync(new Inference.ModelMetadataRequest { Name = "some" }, cancellationToken: Token);
        Assert.Equal(["1", "3"], metadata.Versions);
    }

    [Fact]
    public async Task DefaultBatchSize_ComesFromTheServersFlag()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("bare.onnx", File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx")));
        await using var server = await RunningServer.StartAsync(repository.FullPath, flags: "--backend-config=onnxruntime,default-max-batch-size=16");
        var config = await server.Rpc.ModelConfigAsync(new Inference.ModelConfigRequest { Name = "bare" }, cancellationToken: Token);
        Assert.Equal(16, config.Config.MaxBatchSize);
        Assert.NotNull(config.Config.DynamicBatching);
    }

    [Fact]
    public async Task AutoCompletionSwitchedOff_RefusesWhatIsIncomplete()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("bare.onnx", File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx")));
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true, flags: "--disable-auto-complete-config");
        var status = Assert.Single(server.Statuses);
        Assert.Equal(ModelState.Failed, status.State);
        Assert.Contains("input", status.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenModelFile_FailsAloneWithoutNamingAPath()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("broken/1/model.onnx", "this is no model"u8.ToArray());
        repository.Write("empty/config.pbtxt", "backend: \"onnxruntime\"");
        repository.Write("missing/config.pbtxt", "backend: \"onnxruntime\"");
        repository.Write("missing/1/other.bin", "x");
        repository.Write("good.onnx", File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx")));
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true);
        Assert.Equal(
            [("broken", ModelState.Failed), ("empty", ModelState.Failed), ("good", ModelState.Ready), ("missing", ModelState.Failed)],
            server.Statuses.Select(static status => (status.Name, status.State)));
        Assert.All(server.Statuses, status => Assert.DoesNotContain(repository.FullPath, status.Reason, StringComparison.Ordinal));
        Assert.Contains("model.onnx", server.Statuses.Single(static status => status.Name == "missing").Reason, StringComparison.Ordinal);
        Assert.Contains("version", server.Statuses.Single(static status => status.Name == "empty").Reason, StringComparison.Ordinal);
    }
}
