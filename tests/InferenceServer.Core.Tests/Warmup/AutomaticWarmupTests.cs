using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tests.Lifecycle;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Warmup;

/// <summary>Loads of models without a warm-up of their own: the real loader over a scripted backend.</summary>
public sealed class AutomaticWarmupTests : IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly TemporaryDirectory _repository = new();
    private readonly WarmupLogs _log = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _executed = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Assert.Equal(0, _pool.RentedBuffers);
        _pool.Dispose();
        _repository.Dispose();
    }

    [Fact]
    public async Task EachInstance_RunsZerosWithOneRowAndWithAsManyAsItTakes()
    {
        await LoadAsync(Backend([-1, 2], [-1, -1, 3]), "max_batch_size: 8 instance_group { count: 2 }");

        Assert.Equal(["[1,2] [1,1,3]", "[8,2] [8,1,3]", "[1,2] [1,1,3]", "[8,2] [8,1,3]"], _executed);
        Assert.EndsWith("zeros with 1 and 8 rows in 0 ms; instances: 2", Assert.Single(_log.Lines).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingOfIt_IsCounted()
    {
        var served = await LoadAsync(Backend([-1, 2]), "max_batch_size: 8", isUnloaded: false);

        var report = served.ReadStatistics();
        Assert.Equal((0, 0, 0, 0), (report.Success.Count, report.Fail.Count, report.InferenceCount, report.ExecutionCount));
        Assert.Empty(report.Batches);
        Assert.Equal(0, report.LastInference);
        Assert.All(Enum.GetValues<ReleaseReason>(), reason => Assert.Equal(0, served.Statistics.Releases(reason)));
        Assert.All(Enum.GetValues<RefusalReason>(), reason => Assert.Equal(0, served.Statistics.Refusals(reason)));
        await served.UnloadAsync().WaitAsync(TestTimeouts.Phase, Token);
    }

    [Fact]
    public async Task ModelWithoutABatchDimension_RunsOnce()
    {
        await LoadAsync(Backend([-1, 4]), "max_batch_size: 0");
        Assert.Equal(["[1,4]"], _executed);
    }

    [Fact]
    public async Task ReshapedInput_IsWhatClientsWouldSend()
    {
        await LoadAsync(Backend([-1, 6]), "max_batch_size: 2 input { name: \"X0\" data_type: TYPE_FP32 dims: [ 2, 3 ] reshape { shape: [ 6 ] } }");
        Assert.Equal(["[1,6]", "[2,6]"], _executed);
    }

    [Fact]
    public async Task LargeBatch_IsLeftOutWhereItsInputsAreTooLarge()
    {
        await LoadAsync(Backend([-1, 1 << 20]), "max_batch_size: 17");
        Assert.Equal(["[1,1048576]"], _executed);
    }

    [Fact]
    public async Task LargeBatch_IsLeftOutWhereASingleRowTakesLong()
    {
        var backend = Backend([-1, 2]);
        var run = backend.Execute;
        backend.Execute = batch =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            run(batch);
        };
        await LoadAsync(backend, "max_batch_size: 11");
        Assert.Equal(["[1,2]"], _executed);
    }

    [Fact]
    public async Task ModelThatDoesNotTakeIt_ServesAndTheLogSaysWhy()
    {
        var backend = Backend([-1, 2]);
        backend.Execute = static _ => throw new BackendException(ErrorCode.InvalidArgument, "zero is no index");
        await LoadAsync(backend, "max_batch_size: 8 instance_group { count: 3 }");

        Assert.Equal(1, backend.Executions);
        var warning = Assert.Single(_log.Lines, static line => line.Level == LogLevel.Warning);
        Assert.Contains("inputs of zeros (X0 [1,2]): [request id: automatic warm-up] zero is no index", warning.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_log.Lines, static line => line.Level == LogLevel.Error);
    }

    [Fact]
    public async Task ModelThatBreaks_ServesAndNothingIsLoggedAsAnError()
    {
        var backend = Backend([-1, 2]);
        backend.Execute = static _ => throw new InvalidOperationException("out of its mind");
        await LoadAsync(backend, "max_batch_size: 8");

        Assert.Equal(LogLevel.Warning, Assert.Single(_log.Lines).Level);
    }

    [Theory]
    [InlineData("parameters { key: \"auto_warmup\" value { string_value: \"false\" } }")]
    [InlineData("model_transaction_policy { decoupled: true }")]
    [InlineData("model_warmup { name: \"none\" inputs { key: \"X0\" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }")]
    public async Task ModelThatDoesNotWantIt_RunsNothing(string config)
    {
        await LoadAsync(Backend([-1, 2]), $"max_batch_size: 8 {config}");
        Assert.Empty(_executed);
    }

    [Fact]
    public async Task ServerThatDoesNotWantIt_RunsNothing()
    {
        await LoadAsync(Backend([-1, 2]), "max_batch_size: 8", autoWarmup: false);
        Assert.Empty(_executed);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("parameters { key: \"auto_warmup\" value { string_value: \"true\" } }", 2)]
    public async Task BackendThatDoesNotWantIt_RunsNothingUnlessTheModelDoes(string config, int expected)
    {
        var backend = Backend([-1, 2], allowsWarmup: false);
        await LoadAsync(backend, $"max_batch_size: 8 {config}");
        Assert.Equal(expected, backend.Executions);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("parameters { key: \"auto_warmup\" value { string_value: \"true\" } }", 2)]
    public async Task ModelThatKeepsState_RunsNothingUnlessItsConfigurationSaysSo(string config, int expected)
    {
        var backend = Backend([-1, 2], keepsState: true);
        await LoadAsync(backend, $"max_batch_size: 8 {config}");
        Assert.Equal(expected, backend.Executions);
    }

    [Fact]
    public async Task Parameter_IsNoneOfTheBackends()
    {
        var served = await LoadAsync(Backend([-1, 2]), "parameters { key: \"auto_warmup\" value { string_value: \"false\" } } parameters { key: \"k\" value { string_value: \"v\" } }", isUnloaded: false);
        Assert.Equal(["k"], served.Config.Parameters.Keys);
        Assert.Equal(2, served.Config.ToMessage().Parameters.Count);
        await served.UnloadAsync().WaitAsync(TestTimeouts.Phase, Token);
    }

    [Fact]
    public void ParameterThatIsNoBoolean_IsRefusedWithItsPlace()
    {
        var backend = Backend([-1, 2]);
        var aspired = Aspire(backend, "parameters { key: \"auto_warmup\" value { string_value: \"maybe\" } }");
        Assert.Contains("parameter 'auto_warmup' must be true or false, found 'maybe'", aspired.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddedInstance_IsWarmedUpToo()
    {
        await using var server = new TuningFixture(autoWarmup: true);
        Assert.Null(await server.LoadAsync("max_batch_size: 4"));
        Assert.Equal(2, server.Backend.Executions);

        Assert.Null(await server.LoadAsync("max_batch_size: 4 instance_group { count: 2 }"));
        Assert.Equal(4, server.Backend.Executions);
        Assert.Equal(0, server.Served.Statistics.Executions);
    }

    private FakeBackend Backend(long[] shape, long[]? second = null, bool allowsWarmup = true, bool keepsState = false) => new(new ModelSignature(
        [.. new[] { shape, second }.OfType<long[]>().Select(static (dims, i) => new TensorSpec($"X{i}", TensorDataType.Fp32, new TensorShape(dims)))],
        [new TensorSpec("Y", TensorDataType.Fp32, new TensorShape(shape))])
    { KeepsState = keepsState })
    {
        Descriptor = new BackendDescriptor("fake") { ModelFilenames = ["model.fake"], DescribesModels = true, AllowsAutomaticWarmup = allowsWarmup },
        Execute = batch =>
        {
            _executed.Add(string.Join(' ', batch.Inputs.ToArray().Select(static input => input.Shape.ToString())));
            Assert.Equal(1, batch.RequestCount);
            Assert.All(batch.Inputs.ToArray(), static input => Assert.Equal(-1, input.Span.IndexOfAnyExcept((byte)0)));
            FakeBackend.EchoFirst(batch);
        },
    };

    private AspiredModel Aspire(FakeBackend backend, string config)
    {
        _repository.Write("m/1/model.fake", "");
        _repository.Write("m/config.pbtxt", $"backend: \"fake\" {config}");
        return Assert.Single(AspiredModels.From(new RepositoryScanner(new System.IO.Abstractions.FileSystem(), [_repository.FullPath], []).Scan(), [backend.Descriptor]));
    }

    private async Task<ServedModel> LoadAsync(FakeBackend backend, string config, bool autoWarmup = true, bool isUnloaded = true)
    {
        var aspired = Aspire(backend, config);
        Assert.Null(aspired.Problem);
        var options = new CoreOptions { Identity = new ServerIdentity("test", "0"), Repositories = [], ExitTimeout = TestTimeouts.Phase, AutoWarmup = autoWarmup };
        var loader = new ModelLoader([backend], new System.IO.Abstractions.FileSystem(), _pool, _time, options, _log);
        var result = await loader.LoadAsync("m", Assert.Single(aspired.Versions), static () => { }, Token);
        Assert.Equal("", result.Reason);
        if (isUnloaded)
        {
            await result.Served!.UnloadAsync().WaitAsync(TestTimeouts.Phase, Token);
        }

        return result.Served!;
    }
}
