using System.Collections.Immutable;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Sequences;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Sequences;

/// <summary>
/// A model that adds up what the requests of a sequence bring, with the real engine and scheduler around it. It has every control input and, unless told otherwise,
/// one state; it writes down what each execution saw.
/// </summary>
internal sealed class SequenceFixture : IAsyncDisposable
{
    private readonly ModelCatalog _catalog = new();
    private readonly List<SeenBatch> _seen = [];
    private bool _isUnloaded;

    public SequenceFixture(
        SequenceBatchingConfig? sequences = null,
        int maxBatchSize = 4,
        int lanes = 1,
        TimeProvider? time = null,
        bool isDecoupled = false,
        TensorDataType idType = TensorDataType.UInt64,
        int start = 0,
        SchedulerOptions? options = null)
    {
        // A clock that stands still: no sequence is idle for too long, however slow the machine is.
        Time = time ?? new FakeTimeProvider();
        Pool = new TensorPool(new TensorPoolOptions());
        var isBatching = maxBatchSize > 0;
        var item = isBatching ? new TensorShape(-1, 1) : new TensorShape(1);
        var signature = new ModelSignature(
            [Spec("IN", TensorDataType.Int32), Spec("START", TensorDataType.Int32), Spec("END", TensorDataType.Fp32), Spec("READY", TensorDataType.Bool), Spec("ID", idType), Spec("STATE", TensorDataType.Int32)],
            [Spec("TOTAL", TensorDataType.Int32), Spec("STATE_OUT", TensorDataType.Int32)]);
        TensorSpec Spec(string name, TensorDataType type) => new(name, type, item);
        Backend = new FakeBackend(signature) { Execute = Add };
        var config = new ModelConfig
        {
            Name = "m",
            Backend = "fake",
            MaxBatchSize = maxBatchSize,
            IsDecoupled = isDecoupled,
            Inputs = [ServedModelFixture.Tensor("IN", TensorDataType.Int32, maxBatchSize, 1)],
            Outputs = [ServedModelFixture.Tensor("TOTAL", TensorDataType.Int32, maxBatchSize, 1)],
            InstanceGroups = [new InstanceGroup("m", lanes, InstanceKind.Cpu, [])],
            SequenceBatching = (sequences ?? new SequenceBatchingConfig { SlotsPerInstance = Math.Max(1, maxBatchSize) }) with
            {
                Controls =
                [
                    new("START", SequenceControlKind.Start, TensorDataType.Int32, Bytes(0), Bytes(1)),
                    new("END", SequenceControlKind.End, TensorDataType.Fp32, Bytes(0f), Bytes(1f)),
                    new("READY", SequenceControlKind.Ready, TensorDataType.Bool, [0], [1]),
                    new("ID", SequenceControlKind.CorrelationId, idType, [], []),
                ],
                States = [new("STATE", "STATE_OUT", TensorDataType.Int32, new TensorShape(1)) { InitialDims = new TensorShape(1) }],
            },
        };
        var initial = ImmutableArray.Create(new InitialState(new TensorShape(1), Bytes(start)));
        Statistics = new ModelStatistics(isDecoupled);
        var model = Backend.MakeModel();
        var tensors = new SequenceTensors(config, config.SequenceBatching, signature, initial, Pool);
        var setup = new LaneSetup
        {
            ModelName = "m",
            Version = 1,
            ThreadName = "lane m",
            Assembler = new BatchAssembler(config, signature, Pool, tensors),
            Splitter = new BatchSplitter(config, signature, tensors),
            Sequences = tensors,
            IsDecoupled = isDecoupled,
            Statistics = Statistics,
            Time = Time,
            IdleTimeout = TimeSpan.FromSeconds(10),
            Logger = NullLogger.Instance,
        };
        Scheduler = new SequenceScheduler(
            SequencePlan.Of(config, config.SequenceBatching, initial, options ?? new SchedulerOptions(), Time, Statistics),
            lanes,
            (lane, owner) => new InstanceRunner(owner, model.CreateInstance(new InstancePlacement($"m_{lane}", InstanceKind.Cpu, 0)), setup) { Placement = new InstancePlacement($"m_{lane}", InstanceKind.Cpu, 0) });
        Served = new ServedModel(1, config, model, Scheduler, Statistics, Time);
        _catalog.Publish(new ServingSnapshot([new ServedVersions("m", [Served], [])]));
        Engine = new InferenceEngine(_catalog, Pool, new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance), Phase, new SchedulerOptions(), Time);
    }

    public TimeProvider Time { get; }

    public TensorPool Pool { get; }

    public FakeBackend Backend { get; }

    public SequenceScheduler Scheduler { get; }

    public ServedModel Served { get; }

    public ModelStatistics Statistics { get; }

    public IInferenceEngine Engine { get; }

    public Core.Hosting.ServerPhase Phase { get; } = new();

    /// <summary>What every execution saw, so far.</summary>
    public IReadOnlyList<SeenBatch> Seen
    {
        get
        {
            lock (_seen)
            {
                return [.. _seen];
            }
        }
    }

    public static SequenceBatchingConfig Oldest(int candidates, TimeSpan delay = default, params int[] preferred) =>
        new() { IsDirect = false, SlotsPerInstance = candidates, MaxQueueDelay = delay, PreferredBatchSizes = [.. preferred] };

    public static SequenceBatchingConfig Direct(int slots) => new() { SlotsPerInstance = slots };

    public InferenceRequest Request(object? id, int value, bool start = false, bool end = false)
    {
        var acquired = Engine.AcquireAsync("m", "", CancellationToken.None);
        var outcome = acquired.IsCompletedSuccessfully ? acquired.Result : default;
        Assert.True(outcome.TryGet(out var lease, out var error), error?.Message);
        var request = new InferenceRequest(lease!);
        var shape = Served.Config.IsBatching ? new TensorShape(1, 1) : new TensorShape(1);
        request.AddInput(TestTensor.Of<int>(Pool, "IN", TensorDataType.Int32, shape, [value]));
        if (id is not null)
        {
            request.Parameters["sequence_id"] = id is string text ? ParameterValue.FromString(text) : ParameterValue.FromInt64(Convert.ToInt64(id, System.Globalization.CultureInfo.InvariantCulture));
        }

        request.Parameters["sequence_start"] = ParameterValue.FromBool(start);
        request.Parameters["sequence_end"] = ParameterValue.FromBool(end);
        return request;
    }

    /// <summary>Sends a step and gives the total that it is answered with.</summary>
    public async Task<int> StepAsync(object? id, int value, bool start = false, bool end = false)
    {
        var outcome = await Engine.InferAsync(Request(id, value, start, end), CancellationToken.None).AsTask().WaitAsync(TestTimeouts.Phase);
        Assert.True(outcome.IsSuccess, outcome.Error?.Message);
        using var response = outcome.Response;
        return TestTensor.Read<int>(response.Outputs[0])[0];
    }

    /// <summary>Sends a step that is refused or fails.</summary>
    public async Task<InferenceError> FailAsync(object? id, int value, bool start = false, bool end = false, CancellationTokenSource? client = null)
    {
        var outcome = await Engine.InferAsync(Request(id, value, start, end), client?.Token ?? CancellationToken.None).AsTask().WaitAsync(TestTimeouts.Phase);
        outcome.Response?.Dispose();
        Assert.False(outcome.IsSuccess);
        return outcome.Error;
    }

    public async Task<bool> UnloadAsync()
    {
        _isUnloaded = true;
        _catalog.Publish(new ServingSnapshot([]));
        try
        {
            // What is idle keeps the version until its time is over.
            var unloading = Served.UnloadAsync();
            var patience = Task.Delay(TestTimeouts.Phase);
            while (Time is FakeTimeProvider fake && !unloading.IsCompleted && !patience.IsCompleted)
            {
                fake.Advance(TimeSpan.FromHours(1));
                await Task.Delay(1);
            }

            await unloading.WaitAsync(TestTimeouts.Phase);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Frees the version, which has been drained.</summary>
    public Task FreeAsync()
    {
        _isUnloaded = true;
        return Served.FreeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isUnloaded)
        {
            Backend.Gate?.Open();
            Assert.True(await UnloadAsync(), "the model did not drain: a lease was never given back");
        }

        Backend.Gate?.Dispose();
        Assert.True(Pool.RentedBuffers == 0, $"{Pool.RentedBuffers} tensor buffers were never given back");
        Assert.True(Backend.LivingInstances == 0 && Backend.LivingModels == 0, "the backend's objects were not disposed");
        Pool.Dispose();
    }

    /// <summary>The work of the model: the total of each row that has somebody goes on from its state.</summary>
    public void Add(ExecutionBatch batch)
    {
        var rows = batch.Rows;
        var (values, states) = (Read<int>(batch, "IN"), Read<int>(batch, "STATE"));
        var seen = new SeenBatch(values, Read<int>(batch, "START"), Read<float>(batch, "END"), Read<byte>(batch, "READY"), Ids(batch), states);
        lock (_seen)
        {
            _seen.Add(seen);
        }

        Span<int> totals = stackalloc int[rows];
        for (var row = 0; row < rows; row++)
        {
            // A row that nobody has gives nonsense, which must not get anywhere.
            totals[row] = seen.Ready[row] == 1 ? states[row] + values[row] : int.MinValue;
        }

        var shape = Find(batch, "IN").Shape;
        MemoryMarshal.AsBytes(totals).CopyTo(batch.AllocateOutput(0, shape, rows * sizeof(int)).Span);
        MemoryMarshal.AsBytes(totals).CopyTo(batch.AllocateOutput(1, shape, rows * sizeof(int)).Span);
    }

    public static T[] Read<T>(ExecutionBatch batch, string input)
        where T : unmanaged => TestTensor.Read<T>(Find(batch, input));

    private static string[] Ids(ExecutionBatch batch)
    {
        var view = Find(batch, "ID");
        return view.DataType == TensorDataType.Bytes ? TestTensor.ReadStrings(view) : [.. TestTensor.Read<ulong>(view).Select(static id => $"{id}")];
    }

    private static TensorView Find(ExecutionBatch batch, string input)
    {
        foreach (var view in batch.Inputs)
        {
            if (view.Name == input)
            {
                return view;
            }
        }

        throw new BackendException($"there is no input '{input}'");
    }

    private static ImmutableArray<byte> Bytes<T>(T value)
        where T : unmanaged => [.. MemoryMarshal.AsBytes([value])];
}
