using System.IO.Abstractions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Files;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Warmup;

/// <summary>Loads with a warm-up: the real loader over a scripted backend of X [-1,2] → Y [-1,2].</summary>
public sealed class ModelWarmupTests : IDisposable
{
    private const string Zeros = "inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }";

    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly TemporaryDirectory _repository = new();
    private readonly List<(int Rows, int Requests)> _executed = [];
    private readonly FakeBackend _backend;

    public ModelWarmupTests()
    {
        _backend = new FakeBackend(new ModelSignature(
            [new TensorSpec("X", TensorDataType.Fp32, new TensorShape(-1, 2))], [new TensorSpec("Y", TensorDataType.Fp32, new TensorShape(-1, 2))]))
        {
            Execute = batch =>
            {
                _executed.Add((batch.Rows, batch.RequestCount));
                FakeBackend.EchoFirst(batch);
            },
        };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Assert.Equal((0, 0, 0L), (_backend.LivingModels, _backend.LivingInstances, _pool.RentedBuffers));
        _pool.Dispose();
        _repository.Dispose();
    }

    [Fact]
    public async Task LoadAsync_Samples_AreRunByEachInstanceAndCounted()
    {
        var warmups = 0;
        var result = await LoadAsync(
            $"max_batch_size: 4 instance_group {{ count: 2 }} model_warmup [ {{ batch_size: 2 count: 3 {Zeros} }}, {{ name: \"none\" {Zeros} }}, {{ name: \"one\" batch_size: 1 {Zeros} }} ]",
            () => warmups++);

        var served = Assert.IsType<ServedModel>(result.Served);
        Assert.Equal(1, warmups);
        Assert.Equal([.. Enumerable.Repeat((2, 2), 6), (1, 1), (1, 1)], _executed);
        var report = served.ReadStatistics();
        Assert.Equal((14, 14, 8), (report.Success.Count, report.InferenceCount, report.ExecutionCount));
        Assert.Equal(8, served.Statistics.Releases(ReleaseReason.Warmup));
        await served.UnloadAsync().WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task LoadAsync_NoSamples_AnnouncesNoWarmup()
    {
        var warmups = 0;

        var result = await LoadAsync("max_batch_size: 4", () => warmups++);

        Assert.Equal(0, warmups);
        await result.Served!.UnloadAsync().WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task LoadAsync_FileOfTheModelsFolder_IsWhatTheModelSees()
    {
        _repository.Write("m/warmup/row", [0, 0, 128, 63, 0, 0, 0, 64]);
        var seen = Array.Empty<float>();
        _backend.Execute = batch =>
        {
            seen = Testing.Tensors.TestTensor.Read<float>(batch.Inputs[0]);
            FakeBackend.EchoFirst(batch);
        };

        var result = await LoadAsync("max_batch_size: 4 model_warmup { name: \"w\" batch_size: 2 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: \"row\" } } }");

        Assert.Equal([1, 2, 1, 2], seen);
        await result.Served!.UnloadAsync().WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task LoadAsync_FileThatIsMissing_FailsTheLoad()
    {
        var result = await LoadAsync("max_batch_size: 4 model_warmup { name: \"w\" batch_size: 2 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: \"row\" } } }");

        Assert.Equal("failed to run warmup sample 'w': input 'X': 'row' is not in the folder warmup of the model", result.Reason);
    }

    [Fact]
    public async Task LoadAsync_SampleThatFails_FailsTheLoadAndFreesEverything()
    {
        _backend.Execute = static _ => throw new BackendException("out of range");

        var result = await LoadAsync($"max_batch_size: 4 instance_group {{ count: 3 }} model_warmup {{ name: \"w\" batch_size: 2 count: 9 {Zeros} }}");

        Assert.Null(result.Served);
        Assert.Equal("failed to run warmup sample 'w': [request id: w] out of range", result.Reason);
        Assert.Equal(1, _backend.Executions);
    }

    [Fact]
    public async Task LoadAsync_InputThatTheModelDoesNotHave_NamesTheValidOnes()
    {
        var result = await LoadAsync("max_batch_size: 4 model_warmup { name: \"w\" batch_size: 1 inputs { key: \"x\" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }");

        Assert.Contains("has no input 'x'", result.Reason, StringComparison.Ordinal);
        Assert.Contains("its inputs are X", result.Reason, StringComparison.Ordinal);
        Assert.Equal(0, _backend.Executions);
    }

    [Fact]
    public async Task LoadAsync_Cancelled_StopsTheExecutionAndFreesEverything()
    {
        var gate = _backend.Gate = new ExecutionGate();
        using var stop = new CancellationTokenSource();
        var load = LoadAsync($"max_batch_size: 4 model_warmup {{ name: \"w\" batch_size: 2 count: 1000 {Zeros} }}", cancellationToken: stop.Token);
        await gate.WaitForArrivalAsync();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(1, _backend.Executions);
        gate.Dispose();
    }

    [Fact]
    public async Task LoadAsync_DecoupledModelWithMoreResponsesThanMayBeUnread_IsReadToItsEnd()
    {
        _backend.Execute = static batch =>
        {
            for (var i = 0; i < 20; i++)
            {
                FakeBackend.EchoFirst(batch);
                batch.SendResponse();
            }
        };

        var result = await LoadAsync($"max_batch_size: 4 model_transaction_policy {{ decoupled: true }} model_warmup {{ name: \"w\" batch_size: 2 {Zeros} }}");

        Assert.Equal("", result.Reason);
        Assert.Equal((2, 2), (result.Served!.Statistics.Executions, result.Served.Statistics.Successes));
        await result.Served.UnloadAsync().WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task LoadAsync_DecoupledModelThatAnswersWithAnError_FailsTheLoad()
    {
        _backend.Execute = static batch => batch.SendError(ErrorCode.InvalidArgument, "not this");

        var result = await LoadAsync($"max_batch_size: 4 model_transaction_policy {{ decoupled: true }} model_warmup {{ name: \"w\" batch_size: 2 {Zeros} }}");

        Assert.Equal("failed to run warmup sample 'w': [request id: w] not this", result.Reason);
    }

    private Task<ModelLoadResult> LoadAsync(string config, Action? onWarmup = null, CancellationToken? cancellationToken = null)
    {
        _repository.Write("m/1/model.fake", "");
        _repository.Write("m/config.pbtxt", $"backend: \"fake\" {config}");
        var files = new FileSystem();
        var aspired = Assert.Single(AspiredModels.From(new RepositoryScanner(files, [_repository.FullPath], []).Scan(), [_backend.Descriptor]));
        Assert.Null(aspired.Problem);
        var options = new CoreOptions
        {
            Identity = new ServerIdentity("test", "0"),
            Repositories = [],
            ExitTimeout = TestTimeouts.Phase,
            AutoWarmup = false,
            Scheduler = new SchedulerOptions { MaxUnreadResponses = 4, ReaderPatience = TestTimeouts.Phase },
        };
        var loader = new ModelLoader([_backend], files, _pool, TimeProvider.System, options, NullLoggerFactory.Instance);
        return loader.LoadAsync("m", Assert.Single(aspired.Versions), onWarmup ?? (static () => { }), cancellationToken ?? Token);
    }
}
