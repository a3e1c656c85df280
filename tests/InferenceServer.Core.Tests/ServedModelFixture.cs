using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing.Backends;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Core.Tests;

/// <summary>One served model over a scripted backend, with the real engine, scheduler and pool around it.</summary>
internal sealed class ServedModelFixture : IAsyncDisposable
{
    private readonly ModelCatalog _catalog = new();
    private bool _isUnloaded;

    public ServedModelFixture(
        IEnumerable<ModelTensor>? inputs = null,
        IEnumerable<ModelTensor>? outputs = null,
        int maxBatchSize = 8,
        int lanes = 1,
        TimeSpan maxDelay = default,
        int[]? preferred = null,
        int maxQueueSize = 1000,
        long maxQueueBytes = 1 << 20,
        TimeSpan defaultTimeout = default,
        bool allowTimeoutOverride = false,
        TimeSpan? idleTimeout = null,
        TimeProvider? time = null,
        bool isDecoupled = false,
        bool reportsResponses = false,
        SchedulerOptions? scheduling = null,
        ILogger? logger = null,
        string name = "m",
        long version = 1,
        Func<QueueRules, QueueRules>? queue = null,
        Func<ModelConfig, ModelConfig>? change = null,
        bool preservesOrdering = false,
        IEnumerable<TensorSpec>? generatedFirst = null,
        RateLimiter? limiter = null,
        LaneDemand? demand = null,
        TimeSpan? latencyTarget = null,
        IResponseCache? cache = null,
        int maxWaiting = 1000,
        TimeSpan maxCallerExecution = default,
        int maxSideLanes = 0,
        int maxLanes = 0,
        Func<bool>? tryReadyOneThread = null)
    {
        Time = time ?? TimeProvider.System;
        Pool = new TensorPool(new TensorPoolOptions());
        var declaredInputs = (inputs ?? [Tensor("X", TensorDataType.Fp32, maxBatchSize, 4)]).ToImmutableArray();
        var declaredOutputs = (outputs ?? [Tensor("Y", TensorDataType.Fp32, maxBatchSize, 4)]).ToImmutableArray();
        var signature = new ModelSignature(
            [.. generatedFirst ?? [], .. declaredInputs.Select(static tensor => new TensorSpec(tensor.Name, tensor.DataType, tensor.ModelShape) { IsOptional = tensor.IsOptional })],
            [.. declaredOutputs.Select(static tensor => new TensorSpec(tensor.Name, tensor.DataType, tensor.ModelShape) { IsOptional = tensor.IsOptional })]);
        Backend = new FakeBackend(signature) { ReadyOneThread = tryReadyOneThread };
        var config = new ModelConfig
        {
            Name = name,
            Backend = "fake",
            MaxBatchSize = maxBatchSize,
            IsDecoupled = isDecoupled,
            Inputs = declaredInputs,
            Outputs = declaredOutputs,
            InstanceGroups = [new InstanceGroup("m", lanes, InstanceKind.Cpu, [])],
        };
        config = change?.Invoke(config) ?? config;
        var model = Backend.MakeModel();
        Statistics = new ModelStatistics(reportsResponses);
        var setup = new LaneSetup
        {
            ModelName = name,
            Version = version,
            ThreadName = "lane m",
            Assembler = new BatchAssembler(config, signature, Pool),
            Splitter = new BatchSplitter(config, signature),
            IsDecoupled = isDecoupled,
            Statistics = Statistics,
            Time = Time,
            IdleTimeout = idleTimeout ?? TimeSpan.FromSeconds(10),
            Logger = logger ?? NullLogger.Instance,
        };
        var rules = new QueueRules { MaxRequests = maxQueueSize, Levels = [new QueuePolicy { Timeout = defaultTimeout, AllowsOverride = allowTimeoutOverride }] };
        Scheduler = new LaneScheduler(
            new LaneSchedulerSetup
            {
                Limits = maxBatchSize == 0 || isDecoupled ? BatchLimits.Single : new BatchLimits(maxBatchSize, [.. preferred ?? []], Time.ToTicks(maxDelay)) { LatencyTargetTicks = latencyTarget is { } target ? Time.ToTicks(target) : null },
                Queue = queue?.Invoke(rules) ?? rules,
                MaxQueueBytes = maxQueueBytes,
                Compatibility = BatchCompatibility.Of(config),
                PreservesOrdering = preservesOrdering,
                MaxCallerExecution = maxCallerExecution,
                MaxSideLanes = maxSideLanes,
                MaxLanes = maxLanes,
                Time = Time,
                Statistics = Statistics,
            },
            owner => Lanes = [.. Enumerable.Range(0, lanes).Select(i => new InstanceRunner(owner, model.CreateInstance(new InstancePlacement($"m_{i}", InstanceKind.Cpu, 0)), setup) { Placement = new InstancePlacement($"m_{i}", InstanceKind.Cpu, 0), Claim = Claim() })],
            new OtherInstances(model, new InstancePlacement("m_0", InstanceKind.Cpu, 0) { Group = "m" }, setup, setup.Logger).Maker);
        LaneClaim? Claim()
        {
            LaneClaim? claim = null;
            Assert(limiter is null || limiter.TryAdd(new InstancePlacement("m", InstanceKind.Cpu, 0), demand ?? LaneDemand.None, out claim, out _), "the limiter refuses the lane");
            return claim;
        }

        MakeLane = () => new InstanceRunner(Scheduler, model.CreateInstance(new InstancePlacement("more", InstanceKind.Cpu, 0)), setup) { Placement = new InstancePlacement("more", InstanceKind.Cpu, 0) };
        Served = new ServedModel(version, config, model, Scheduler, Statistics, Time)
        {
            Cache = cache is null ? null : new ModelCache(new ModelCacheSetup
            {
                Cache = cache,
                Counters = CacheCounters,
                Seed = [.. new byte[CacheKey.Size]],
                Config = config,
                Scheduler = Scheduler,
                Statistics = Statistics,
                Time = Time,
                MaxWaiting = maxWaiting,
                MaxWaitingBytes = maxQueueBytes,
            }),
        };
        _catalog.Publish(new ServingSnapshot([new ServedVersions(name, [Served], [2])]));
        Engine = new InferenceEngine(_catalog, Pool, new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance), Phase, scheduling ?? new SchedulerOptions(), Time);
    }

    public ServedModel Served { get; }

    public TimeProvider Time { get; }

    public TensorPool Pool { get; }

    public FakeBackend Backend { get; }

    public LaneScheduler Scheduler { get; }

    public InstanceRunner[] Lanes { get; private set; } = [];

    /// <summary>Makes one more lane.</summary>
    public Func<InstanceRunner> MakeLane { get; }

    public ModelStatistics Statistics { get; }

    /// <summary>What is asked of the cache, where there is one.</summary>
    public CacheCounters CacheCounters { get; } = new();

    public ServerPhase Phase { get; } = new();

    public IInferenceEngine Engine { get; }

    public static ModelTensor Tensor(string name, TensorDataType type, int maxBatchSize, params long[] dims)
    {
        var shape = new TensorShape(dims);
        var full = maxBatchSize > 0 ? shape.Prepend(-1) : shape;
        return new ModelTensor(name, type) { Dims = shape, Shape = full, ModelShape = full };
    }

    public InferenceRequest Request(string id = "")
    {
        var acquired = Engine.AcquireAsync("m", "", CancellationToken.None);
        var outcome = acquired.IsCompletedSuccessfully ? acquired.Result : default;
        Assert(outcome.TryGet(out var lease, out var error), error?.Message);
        return new InferenceRequest(lease!) { Id = id };
    }

    /// <summary>A request of some rows whose values are all <paramref name="value"/>.</summary>
    public InferenceRequest Rows(int rows, float value, string id = "")
    {
        var request = Request(id);
        var values = new float[rows * 4];
        Array.Fill(values, value);
        request.AddInput(Testing.Tensors.TestTensor.Of<float>(Pool, "X", TensorDataType.Fp32, new TensorShape(rows, 4), values));
        return request;
    }

    /// <summary>The unload that has been begun, which goes on after the time that was waited for it.</summary>
    public Task Unloading { get; private set; } = Task.CompletedTask;

    public async Task<bool> UnloadAsync(TimeSpan? timeout = null)
    {
        _isUnloaded = true;
        _catalog.Publish(new ServingSnapshot([]));
        Unloading = Served.UnloadAsync();
        try
        {
            await Unloading.WaitAsync(timeout ?? Testing.TestTimeouts.Phase);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isUnloaded)
        {
            Backend.Gate?.Open();
            Assert(await UnloadAsync(), "the model did not drain: a lease was never given back");
        }

        Backend.Gate?.Dispose();
        Assert(Pool.RentedBuffers == 0, $"{Pool.RentedBuffers} tensor buffers were never given back");
        Assert(Backend.LivingInstances == 0 && Backend.LivingModels == 0, "the backend's objects were not disposed");
        Pool.Dispose();
    }

    private static void Assert(bool condition, string? message) => Xunit.Assert.True(condition, message);
}
