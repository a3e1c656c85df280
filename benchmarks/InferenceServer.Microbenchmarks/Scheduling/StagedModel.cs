using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;
using InferenceServer.Microbenchmarks.Tensors;
using InferenceServer.Protocols.KServe.SharedMemory;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>A served version of a model that does nothing, with the real pool, scheduler and engine around it.</summary>
internal sealed class StagedModel : IDisposable
{
    private readonly SharedMemoryRegistry _registry = new(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance);

    public StagedModel(TensorDataType type = TensorDataType.Fp32, TimeSpan maxCallerExecution = default, string name = SampleModel.Name)
    {
        Signature = SampleModel.Signature(type);
        Config = SampleModel.Config(type, name);
        Pool = new TensorPool(new TensorPoolOptions());
        var model = new IdleInstance(Signature);
        Statistics = new TelemetryOptions { HasDurations = true, HasHistograms = true }.MakeStatistics(Config, 1, new Abstractions.Backends.BackendDescriptor("none"), TimeProvider.System);
        Assembler = new BatchAssembler(Config, Signature, Pool);
        Splitter = new BatchSplitter(Config, Signature);
        var lane = new LaneSetup
        {
            ModelName = name,
            Version = 1,
            ThreadName = "lane",
            Assembler = Assembler,
            Splitter = Splitter,
            Statistics = Statistics,
            Time = TimeProvider.System,
            IdleTimeout = TimeSpan.FromSeconds(10),
            Logger = NullLogger.Instance,
        };
        var placement = new InstancePlacement("m_0", InstanceKind.Cpu, 0);
        var rules = LanePlan.Rules(Config with { DynamicBatching = new DynamicBatchingConfig { PreferredBatchSizes = [] } }, new SchedulerOptions { MaxCallerExecution = maxCallerExecution }, TimeProvider.System, Statistics);
        Rules = rules;
        Scheduler = new LaneScheduler(rules, owner => [new InstanceRunner(owner, model.CreateInstance(placement), lane) { Placement = placement }]);
        Served = new ServedModel(1, Config, model, Scheduler, Statistics);
        var catalog = new ModelCatalog();
        catalog.Publish(new ServingSnapshot([new ServedVersions(name, [Served], [])]));
        Engine = new InferenceEngine(catalog, Pool, _registry, new ServerPhase(), new SchedulerOptions(), TimeProvider.System);
        Shared = new SharedTensors(Engine, int.MaxValue);
    }

    public ModelConfig Config { get; }

    public ModelSignature Signature { get; }

    public TensorPool Pool { get; }

    public ModelStatistics Statistics { get; }

    public BatchAssembler Assembler { get; }

    public BatchSplitter Splitter { get; }

    public LaneScheduler Scheduler { get; }

    /// <summary>What holds for its queue.</summary>
    public LaneSchedulerSetup Rules { get; }

    public ServedModel Served { get; }

    public InferenceEngine Engine { get; }

    public SharedTensors Shared { get; }

    public ModelLease Lease() => Served.TryAcquire() ? new ModelLease(Served) : throw new InvalidOperationException("the model is gone");

    /// <summary>A request of some rows of 16 elements.</summary>
    public InferenceRequest Request(int rows = 1)
    {
        const int Elements = 16;
        var request = new InferenceRequest(Lease());
        request.AddInput(new TensorView(SampleModel.Input, TensorDataType.Fp32, new TensorShape(rows, Elements), Pool.Rent(rows * Elements * sizeof(float))));
        return request;
    }

    /// <summary>One on its way.</summary>
    public PendingInference Pending() => new(Request(), 1, null, null, CancellationToken.None);

    /// <summary>An answer.</summary>
    public InferenceResponse Response(TensorCase tensor)
    {
        var bytes = tensor.Bytes;
        var buffer = Pool.Rent(bytes.Length);
        bytes.CopyTo(buffer.Span);
        return new InferenceResponse("1", Lease(), [new TensorView(SampleModel.Output, tensor.Type, new TensorShape(1, tensor.Count), buffer)]);
    }

    public void Dispose()
    {
        // Its lane's thread ends by itself: what has no more work leaves after a while.
        Scheduler.BeginDrain();
        _registry.Dispose();
        Pool.Dispose();
    }
}
