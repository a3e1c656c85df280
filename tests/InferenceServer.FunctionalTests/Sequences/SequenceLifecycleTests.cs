using System.Net;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Sequences;

/// <summary>What becomes of sequences when their model is replaced or unloaded, or the server stops, on a real repository over real connections.</summary>
public sealed class SequenceLifecycleTests : IDisposable
{
    // No sequence of these tests is idle for so long, however slow the machine is.
    private const string Patient = "max_sequence_idle_microseconds: 600000000 direct { }";

    private readonly TemporaryDirectory _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Reload_FinishesSequencesWhereTheyHaveBegun()
    {
        SummingModel.Write(_repository, 1, Patient);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=explicit", "--load-model=sum"]);
        Assert.Equal(1, await SummingModel.StepAsync(server, 1, 1, start: true));
        SummingModel.Write(_repository, 10, Patient);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/repository/models/sum/load", "")).Status);
        Assert.Equal(20, await SummingModel.StepAsync(server, 2, 2, start: true));
        Assert.Equal(4, await SummingModel.StepAsync(server, 1, 3));
        Assert.Equal(50, await SummingModel.StepAsync(server, 2, 3, end: true));
        Assert.Equal(9, await SummingModel.StepAsync(server, 1, 5, end: true));
        Assert.Equal(10, await SummingModel.StepAsync(server, 1, 1, start: true, end: true));
        Assert.Equal(HttpStatusCode.BadRequest, (await SummingModel.PostAsync(server, 1, 1)).Status);
    }

    [Fact]
    public async Task NewVersionBesideTheOldOne_DoesNotTakeItsSequences()
    {
        SummingModel.Write(_repository, 1, Patient);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=explicit", "--load-model=sum"]);
        Assert.Equal(1, await SummingModel.StepAsync(server, 1, 1, start: true));
        SummingModel.Write(_repository, 10, Patient, file: "2/model.onnx", more: "version_policy { all { } }");
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/repository/models/sum/load", "")).Status);
        Assert.Equal(10, await SummingModel.StepAsync(server, 2, 1, start: true, end: true));
        Assert.Equal(4, await SummingModel.StepAsync(server, 1, 3, end: true));
    }

    [Fact]
    public async Task Unload_LetsSequencesEndAndNoneBegin()
    {
        SummingModel.Write(_repository, 1, Patient);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=explicit", "--load-model=sum"]);
        Assert.Equal(1, await SummingModel.StepAsync(server, 1, 1, start: true));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/repository/models/sum/unload", "")).Status);
        Assert.Equal(3, await SummingModel.StepAsync(server, 1, 2));
        var (status, body) = await SummingModel.PostAsync(server, 2, 1, start: true);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("stopped accepting new inference requests", body, StringComparison.Ordinal);
        Assert.Contains("UNLOADING", (await server.PostAsync("/v2/repository/index", "")).Body, StringComparison.Ordinal);
        Assert.Equal(6, await SummingModel.StepAsync(server, 1, 3, end: true));
        var patience = Task.Delay(Testing.TestTimeouts.Phase, TestContext.Current.CancellationToken);
        while ((await ScaledModel.IndexAsync(server)) is not ["sum 1 UNAVAILABLE"])
        {
            Assert.False(patience.IsCompleted, "the version was never unloaded");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await SummingModel.PostAsync(server, 1, 1)).Status);
    }

    [Fact]
    public async Task Ensemble_HandsTheSequenceToItsSteps()
    {
        SummingModel.Write(_repository, 1, Patient, name: "inner");
        _repository.Write("sum/config.pbtxt", """
            platform: "ensemble" max_batch_size: 4
            input { name: "IN" data_type: TYPE_FP32 dims: 1 }
            output { name: "TOTAL" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling { step { model_name: "inner" input_map { key: "IN" value: "IN" } output_map { key: "TOTAL" value: "TOTAL" } } }
            """);
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, "sum", "1"));
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        Assert.Equal(1, await SummingModel.StepAsync(server, 1, 1, start: true));
        Assert.Equal(10, await SummingModel.StepAsync(server, 2, 10, start: true));
        Assert.Equal(3, await SummingModel.StepAsync(server, 1, 2, end: true));
        Assert.Equal(30, await SummingModel.StepAsync(server, 2, 20, end: true));
        var (status, body) = await SummingModel.PostAsync(server, 1, 1);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("must specify the START flag", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoppingServer_IsNotHeldUpBySequencesThatHaveNoRequest()
    {
        SummingModel.Write(_repository, 1, Patient);
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        await SummingModel.StepAsync(server, 1, 1, start: true);
        await server.StopAsync().WaitAsync(Testing.TestTimeouts.Phase, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(server.Log.Events, static logged => logged.MessageTemplate.Text.Contains("exit timeout", StringComparison.Ordinal));
    }
}
