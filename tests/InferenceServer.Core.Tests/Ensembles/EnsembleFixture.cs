using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Sequences;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using FileSystem = System.IO.Abstractions.FileSystem;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>Models over scripted backends and ensembles of them, with the real engine, schedulers and pool around them. Its end checks that nothing is left over.</summary>
internal sealed class EnsembleFixture : IAsyncDisposable
{
    private readonly ModelCatalog _catalog = new();
    private readonly List<ServedModel> _served = [];
    private readonly Dictionary<string, FakeBackend> _backends = [];
    private readonly SchedulerOptions _options;
    private readonly ResponseCaching _caching;

    public EnsembleFixture(SchedulerOptions? options = null, IResponseCache? cache = null)
    {
        _options = options ?? new SchedulerOptions();
        _caching = new ResponseCaching(cache, new ModelFingerprint(new FileSystem(), "1"), _options, TimeProvider.System, NullLogger.Instance);
        Engine = new InferenceEngine(_catalog, Pool, new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance), Phase, _options, TimeProvider.System);
    }

    public TensorPool Pool { get; } = new(new TensorPoolOptions());

    public InferenceEngine Engine { get; }

    public ServerPhase Phase { get; } = new();

    public static ModelTensor Fp32(string name, int maxBatchSize, params long[] dims) => ServedModelFixture.Tensor(name, TensorDataType.Fp32, maxBatchSize, dims);

    public FakeBackend BackendOf(string model) => _backends[model];

    public ServedModel Served(string model) => _served.Last(served => served.Name == model);

    /// <summary>Serves a model of one input X and one output Y of one number each, unless said otherwise.</summary>
    public FakeBackend Add(string name, Action<ExecutionBatch> work, IEnumerable<ModelTensor>? inputs = null, IEnumerable<ModelTensor>? outputs = null, int maxBatchSize = 8, int lanes = 1, bool isDecoupled = false, SequenceBatchingConfig? sequences = null, SchedulerOptions? options = null)
    {
        options ??= _options;
        var config = new ModelConfig
        {
            Name = name,
            Backend = "fake",
            MaxBatchSize = maxBatchSize,
            IsDecoupled = isDecoupled,
            SequenceBatching = sequences,
            Inputs = [.. inputs ?? [Fp32("X", maxBatchSize, 1)]],
            Outputs = [.. outputs ?? [Fp32("Y", maxBatchSize, 1)]],
            InstanceGroups = [new InstanceGroup(name, lanes, InstanceKind.Cpu, [])],
        };
        var signature = new ModelSignature(
            [.. config.Inputs.Select(static tensor => new TensorSpec(tensor.Name, tensor.DataType, tensor.ModelShape) { IsOptional = tensor.IsOptional })],
            [.. config.Outputs.Select(static tensor => new TensorSpec(tensor.Name, tensor.DataType, tensor.ModelShape))]);
        var backend = _backends[name] = new FakeBackend(signature) { Execute = work };
        var model = backend.MakeModel();
        var statistics = new ModelStatistics();
        var tensors = sequences is null ? null : new SequenceTensors(config, sequences, signature, [], Pool);
        var setup = new LaneSetup
        {
            ModelName = name,
            Version = 1,
            ThreadName = $"lane {name}",
            Assembler = new BatchAssembler(config, signature, Pool, tensors),
            Splitter = new BatchSplitter(config, signature, tensors),
            Sequences = tensors,
            IsDecoupled = isDecoupled,
            Statistics = statistics,
            Time = TimeProvider.System,
            IdleTimeout = TimeSpan.FromSeconds(10),
            Logger = NullLogger.Instance,
        };
        IModelScheduler scheduler = sequences is null
            ? new LaneScheduler(LanePlan.Rules(config, options, TimeProvider.System, statistics), owner => [.. Enumerable.Range(0, lanes).Select(i => MakeLane(i, owner))])
            : new SequenceScheduler(SequencePlan.Of(config, sequences, [], options, TimeProvider.System, statistics), lanes, MakeLane);
        Serve(new ServedModel(1, config, model, scheduler, statistics, TimeProvider.System) { Seed = new VersionSeed([.. RandomNumberGenerator.GetBytes(CacheKey.Size)]) });
        return backend;

        InstanceRunner MakeLane(int lane, LaneScheduler owner) => new(owner, model.CreateInstance(Placement(lane)), setup) { Placement = Placement(lane) };

        InstancePlacement Placement(int lane) => new($"{name}_{lane}", InstanceKind.Cpu, 0);
    }

    /// <summary>Serves an ensemble of what is served by now.</summary>
    public void AddEnsemble(string name, string text)
    {
        var problems = Link(name, text, out var linked);
        Assert.Empty(problems);
        var statistics = new ModelStatistics();
        var scheduler = new EnsembleScheduler(new EnsembleSetup
        {
            Plan = linked!.Plan,
            Config = linked.Config,
            Engine = () => Engine,
            Allocator = Pool,
            Time = TimeProvider.System,
            Options = _options,
            Statistics = statistics,
            Logger = NullLogger.Instance,
        });
        ImmutableArray<byte> seed = [.. RandomNumberGenerator.GetBytes(CacheKey.Size)];
        Serve(new ServedModel(1, linked.Config, new EnsembleModel(linked.Config), scheduler, statistics, TimeProvider.System)
        {
            Seed = new VersionSeed(seed),
            Cache = _caching.Keeps(linked.Config) ? _caching.Make(seed, linked.Config, scheduler, statistics, pending => scheduler.SeedOf(seed, pending)) : null,
        });
    }

    /// <summary>What is wrong with an ensemble, by its file alone or, when nothing is, by what is served now.</summary>
    public ImmutableArray<string> Link(string name, string text, out LinkedEnsemble? linked)
    {
        linked = null;
        var document = ModelConfigDocument.ReadText("config.pbtxt", Encoding.UTF8.GetBytes(text));
        if (!ModelConfigDeclaration.TryDeclare(document, new ModelFolderFacts { ModelName = name, Versions = [1] }, [], out var declared, out var problems))
        {
            return [.. problems.Select(static problem => problem.ToString())];
        }

        EnsembleLinker.TryLink(declared, [.. declared.Ensemble!.Steps.Select(step => new EnsembleMember(step.Model, Served(step.Model).Config))], out linked, out problems);
        return [.. problems.Select(static problem => problem.ToString())];
    }

    public InferenceRequest Request(string model, string id = "")
    {
        var acquired = Engine.AcquireAsync(model, "", CancellationToken.None);
        var outcome = acquired.IsCompletedSuccessfully ? acquired.Result : default;
        Assert.True(outcome.TryGet(out var lease, out var error), error?.Message);
        return new InferenceRequest(lease!) { Id = id };
    }

    public Task<InferenceOutcome> InferAsync(InferenceRequest request) => InferUntilAsync(request, CancellationToken.None);

    /// <summary>Asks for a client that may go.</summary>
    public async Task<InferenceOutcome> InferUntilAsync(InferenceRequest request, CancellationToken cancellation) =>
        await Engine.InferAsync(request, cancellation).AsTask().WaitAsync(TestTimeouts.Phase, CancellationToken.None);

    /// <summary>Takes a model out of service, as an unload does.</summary>
    public Task UnloadAsync(string model)
    {
        var served = Served(model);
        _served.Remove(served);
        Publish();
        return served.UnloadAsync();
    }

    /// <summary>Puts another load of a model in the place of the one that serves, as a reload does.</summary>
    /// <returns>Ends when nobody uses the old one any more.</returns>
    public Task Replace(string model, Action<ExecutionBatch> work)
    {
        var old = Served(model);
        Add(model, work);
        _served.Remove(old);
        return old.UnloadAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await using var caching = _caching;
        var all = _served.ToArray();
        _catalog.Publish(new ServingSnapshot([]));
        foreach (var backend in _backends.Values)
        {
            backend.Gate?.Open();
        }

        await Task.WhenAll(all.Select(static served => served.UnloadAsync())).WaitAsync(TestTimeouts.Phase);
        foreach (var (name, backend) in _backends)
        {
            backend.Gate?.Dispose();
            Assert.True(backend.LivingInstances == 0 && backend.LivingModels == 0, $"the objects of '{name}' were not disposed");
        }

        Assert.True(Pool.RentedBuffers == 0, $"{Pool.RentedBuffers} tensor buffers were never given back");
        Pool.Dispose();
    }

    private void Serve(ServedModel served)
    {
        _served.Add(served);
        Publish();
    }

    private void Publish() => _catalog.Publish(new ServingSnapshot(_served.GroupBy(static served => served.Name).Select(static group => new ServedVersions(group.Key, [group.Last()], []))));
}
