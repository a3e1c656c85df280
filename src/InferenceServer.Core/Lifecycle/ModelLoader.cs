using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Sequences;
using InferenceServer.Core.Warmup;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Backend, then configuration against the model's own signature, then lanes. Whatever was made is freed when a later step fails.</summary>
internal sealed class ModelLoader(
    IReadOnlyList<IBackend> backends,
    IFileSystem files,
    ITensorAllocator allocator,
    TimeProvider time,
    CoreOptions options,
    ILoggerFactory loggers,
    IEnumerable<string>? roots = null) : IModelLoader
{
    /// <summary>Who keeps answers.</summary>
    public ResponseCaching Caching { get; init; } = ResponseCaching.Off;

    private readonly ILogger _logger = loggers.CreateLogger<ModelLoader>();
    private readonly ClassLabelReader _labels = new(files, MakeGuard(files, options, roots));
    private readonly InitialStateReader _states = new(files, MakeGuard(files, options, roots));
    private readonly RateLimiter _limiter = new(options.RateLimiter);
    private readonly BackgroundThreads _loads = new("load", options.ModelLoadThreads);
    private readonly LaneWarmup _warmup = MakeWarmup(files, allocator, time, options, loggers);

    /// <summary>Where the steps of ensembles are asked for; null where none are loaded.</summary>
    public Func<InferenceEngine>? Engine { get; init; }

    private EnsembleLoader Ensembles => field ??= new EnsembleLoader(
        Engine ?? throw new InvalidOperationException("the loader has no engine for the steps of ensembles"), _labels, Caching, allocator, time, options, loggers);

    public ModelLoadResult? Prepare(string modelName, AspiredVersion version)
    {
        if (version.Config.Ensemble is not null)
        {
            return null;
        }

        try
        {
            BackendOf(version).Prepare(MakeContext(version));
            return null;
        }
        catch (BackendException exception)
        {
            return ModelLoadResult.Failed(exception.Message);
        }
        catch (Exception exception)
        {
            return ModelLoadResult.Failed(Describe(modelName, version, exception));
        }
    }

    public Task<ModelLoadResult> LoadAsync(string modelName, AspiredVersion version, Action onWarmup, CancellationToken cancellationToken) =>
        TryAsync(
            modelName,
            version,
            () => version.Config.Ensemble is null ? LoadAndWarmUpAsync(version, onWarmup, cancellationToken) : Ensembles.LoadAsync(version, cancellationToken),
            ModelLoadResult.Failed,
            cancellationToken);

    public Task<ModelLoadResult?> TuneAsync(ServedModel served, AspiredVersion before, AspiredVersion wanted, Action onWarmup, CancellationToken cancellationToken)
    {
        if (wanted.Config.Ensemble is not null)
        {
            return Task.FromResult(before.FilesFingerprint == wanted.FilesFingerprint ? Ensembles.Tune(served, wanted) : null);
        }

        var tuner = new ModelTuner(_warmup, time, options, _logger);
        return TryAsync(served.Name, wanted, () => tuner.TuneAsync(served, before, wanted, onWarmup, cancellationToken), static reason => (ModelLoadResult?)ModelLoadResult.Failed(reason), cancellationToken);
    }

    private static EntryGuard MakeGuard(IFileSystem files, CoreOptions options, IEnumerable<string>? roots) => new(files, [.. options.Repositories, .. roots ?? []], options.AllowsModelLinks);

    private static LaneWarmup MakeWarmup(IFileSystem files, ITensorAllocator allocator, TimeProvider time, CoreOptions options, ILoggerFactory loggers)
    {
        // Those of loads and of new lanes beside each other: neither waits for the other's.
        var threads = new BackgroundThreads("warm-up", 2 * options.ModelLoadThreads);
        return new LaneWarmup(
            new ModelWarmup(threads, files, allocator, time, options.Scheduler, loggers.CreateLogger<ModelWarmup>()),
            new AutomaticWarmup(threads, allocator, time, options.Scheduler, loggers.CreateLogger<AutomaticWarmup>()),
            options);
    }

    /// <summary>Turns what a backend throws into a reason.</summary>
    private async Task<T> TryAsync<T>(string modelName, AspiredVersion version, Func<Task<T>> work, Func<string, T> fail, CancellationToken cancellationToken)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (BackendException exception)
        {
            return fail(exception.Message);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return fail(Describe(modelName, version, exception));
        }
    }

    private string Describe(string modelName, AspiredVersion version, Exception exception)
    {
        LifecycleLog.LoadThrew(_logger, exception, modelName, version.Number);
        return $"the backend failed unexpectedly ({exception.GetType().Name}); the server's log says how";
    }

    private IBackend BackendOf(AspiredVersion version) => backends.First(candidate => candidate.Descriptor.Name == version.Config.Backend.Name);

    private async Task<ModelLoadResult> LoadCoreAsync(AspiredVersion version, CancellationToken cancellationToken)
    {
        var declared = version.Config;
        var backend = BackendOf(version);
        var context = MakeContext(version);
        var witness = Caching.Witness(version);
        var loading = await _loads.RunAsync(() => backend.LoadAsync(context, cancellationToken).AsTask()).ConfigureAwait(false);
        var model = await loading.ConfigureAwait(false);
        try
        {
            if (!ModelConfigCompletion.TryComplete(declared, model.Signature, options.CompletionOf(backend.Descriptor.Name), out var config, out var problems))
            {
                model.Dispose();
                return ModelLoadResult.Failed(string.Join('\n', problems));
            }

            foreach (var warning in config.Warnings)
            {
                LifecycleLog.ConfigWarning(_logger, config.Name, warning.ToString());
            }

            if (!_limiter.UsesResources && config.InstanceGroups.Any(static group => LaneDemand.Of(group) != LaneDemand.None))
            {
                LifecycleLog.ConfigWarning(_logger, config.Name, "rate_limiter has no effect: the server runs without --rate-limit=execution_count");
            }

            foreach (var missing in options.HostPolicies.Missing(config))
            {
                LifecycleLog.ConfigWarning(_logger, config.Name, $"host_policy '{missing}' has no effect: the server runs without --host-policy={missing},...");
            }

            var labels = await _labels.ReadAsync(version.Folder.Path, config, cancellationToken).ConfigureAwait(false);
            var settings = options.BackendSettings(backend.Descriptor.Name);
            var seed = await Caching.MakeSeedAsync(version, witness, config, settings, cancellationToken).ConfigureAwait(false);
            var states = await _states.ReadAsync(version.Folder.Path, config, cancellationToken).ConfigureAwait(false);
            return ModelLoadResult.Loaded(Serve(new ServingSetup(version, config, model)
            {
                Labels = labels,
                CacheSeed = seed,
                Seed = Caching.Share(seed, version, witness, config, settings),
                InitialStates = states,
            }));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>One that cannot be warmed up is given up, and its memory with it.</summary>
    private async Task<ModelLoadResult> LoadAndWarmUpAsync(AspiredVersion version, Action onWarmup, CancellationToken cancellationToken)
    {
        var result = await LoadCoreAsync(version, cancellationToken).ConfigureAwait(false);
        if (result.Served is not { } served)
        {
            return result;
        }

        string? problem;
        try
        {
            problem = await _warmup.RunAsync(served, served.Scheduler.Lanes, version.Folder.Path, onWarmup, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await served.UnloadAsync().ConfigureAwait(false);
            throw;
        }

        if (problem is null)
        {
            served.Scheduler.Expect();
            return result;
        }

        await served.UnloadAsync().ConfigureAwait(false);
        return ModelLoadResult.Failed(problem);
    }

    private ServedModel Serve(ServingSetup setup)
    {
        var instances = new List<(LaneWish Wish, IModelInstance Instance, LaneClaim? Claim)>();
        var passive = new List<IModelInstance>();
        try
        {
            foreach (var wish in LanePlan.Place(setup.Config, options.HostPolicies))
            {
                instances.Add((wish, setup.Model.CreateInstance(wish.Placement), null));
                instances[^1] = instances[^1] with { Claim = Claim(wish) };
            }

            foreach (var placement in LanePlan.PlacePassive(setup.Config, options.HostPolicies))
            {
                passive.Add(setup.Model.CreateInstance(placement));
            }

            return Serve(setup with { PassiveInstances = passive }, instances);
        }
        catch
        {
            passive.ForEach(static instance => instance.Dispose());
            foreach (var (_, instance, claim) in instances)
            {
                instance.Dispose();
                claim?.Dispose();
            }

            throw;
        }
    }

    private ServedModel Serve(ServingSetup setup, List<(LaneWish Wish, IModelInstance Instance, LaneClaim? Claim)> instances)
    {
        var (version, config, model) = (setup.Version, setup.Config, setup.Model);
        var statistics = version.Statistics ?? options.Telemetry.MakeStatistics(config, version.Number, version.Config.Backend, time, keepsResponses: Caching.Keeps(config));
        var sequences = config.SequenceBatching is null ? null : new SequenceTensors(config, config.SequenceBatching, model.Signature, setup.InitialStates, allocator);
        var lanes = new LaneSetup
        {
            ModelName = config.Name,
            Version = version.Number,
            ThreadName = $"lane {config.Name}",
            Assembler = new BatchAssembler(config, model.Signature, allocator, sequences),
            Splitter = new BatchSplitter(config, model.Signature, sequences),
            Sequences = sequences,
            IsDecoupled = config.IsDecoupled,
            Statistics = statistics,
            Time = time,
            IdleTimeout = options.Scheduler.LaneIdleTimeout,
            Logger = loggers.CreateLogger<InstanceRunner>(),
        };
        InstanceRunner Run(int lane, LaneScheduler owner)
        {
            var made = instances[lane];
            return new InstanceRunner(owner, made.Instance, lanes) { Placement = made.Wish.Placement, Demand = made.Wish.Demand, Claim = made.Claim };
        }

        if (config.SequenceBatching is { } batching)
        {
            // Its lanes cannot change while it serves: each has sequences of its own.
            var sequenced = new SequenceScheduler(SequencePlan.Of(config, batching, setup.InitialStates, options.Scheduler, time, statistics), instances.Count, Run);
            return new ServedModel(version.Number, config, model, sequenced, statistics, time) { Labels = setup.Labels, PassiveInstances = setup.PassiveInstances };
        }

        var scheduler = new LaneScheduler(LanePlan.Rules(config, options.Scheduler, time, statistics), owner => Enumerable.Range(0, instances.Count).Select(lane => Run(lane, owner)), MakesOthers(setup, instances[0].Wish, instances[0].Claim) ? new OtherInstances(model, instances[0].Wish.Placement, lanes, _logger).Maker : null);
        return new ServedModel(version.Number, config, model, scheduler, statistics, time)
        {
            Labels = setup.Labels,
            PassiveInstances = setup.PassiveInstances,
            Seed = setup.Seed,
            Cache = Caching.Make(setup.CacheSeed, config, scheduler, statistics),
            MakeLane = wish => MakeLane(wish, scheduler, model, lanes),
        };
    }

    /// <summary>Whether there may be lanes beside those that are configured: where one is as good as another, and nobody is asked for leave.</summary>
    private static bool MakesOthers(ServingSetup setup, LaneWish wish, LaneClaim? claim) =>
        claim is null && setup.Model.HasLightInstances && setup.Config is { HasDefaultInstances: true, IsDecoupled: false } && wish.Placement is { Kind: InstanceKind.Cpu, Processors: null };

    private InstanceRunner MakeLane(LaneWish wish, LaneScheduler scheduler, IBackendModel model, LaneSetup lanes)
    {
        var claim = Claim(wish);
        try
        {
            return new InstanceRunner(scheduler, model.CreateInstance(wish.Placement), lanes) { Placement = wish.Placement, Demand = wish.Demand, Claim = claim };
        }
        catch
        {
            claim?.Dispose();
            throw;
        }
    }

    private LaneClaim? Claim(LaneWish wish) =>
        _limiter.TryAdd(wish.Placement, wish.Demand, out var claim, out var problem) ? claim : throw new BackendException(ErrorCode.InvalidArgument, problem);

    private ModelLoadContext MakeContext(AspiredVersion version)
    {
        var declared = version.Config;
        return new ModelLoadContext
        {
            ModelName = declared.Name,
            Version = version.Number,
            ModelFile = FindModelFile(version),
            DeclaredInputs = declared.ModelInputs,
            DeclaredOutputs = declared.ModelOutputs,
            IsDecoupled = declared.IsDecoupled,
            Parameters = declared.Parameters,
            BackendSettings = options.BackendSettings(declared.Backend.Name),
            GraphOptimizationLevel = declared.GraphOptimizationLevel,
            OperatorLibraries = declared.OperatorLibraries,
            Accelerators = declared.Accelerators,
            Placements = [.. LanePlan.PlaceAll(declared.InstanceGroups, options.HostPolicies)],
            ProcessorCount = options.ProcessorCount,
            Log = new BackendLog(loggers.CreateLogger($"InferenceServer.Backends.{declared.Backend.Name}"), declared.Name, version.Number),
        };
    }

    private string? FindModelFile(AspiredVersion version)
    {
        if (version.Folder.IsBareFile)
        {
            return version.Folder.Path;
        }

        if (version.Config.ModelFilename is not { Length: > 0 } name)
        {
            return null;
        }

        // Versions may be of different formats of one backend.
        foreach (var candidate in version.Config.NamesModelFile ? [name] : version.Config.Backend.ModelFilenames.AsEnumerable())
        {
            var path = files.Path.Combine(version.Files.Path, candidate);

            // Or a folder of the model's name with the model and its external data in it, as Triton allows for ONNX.
            var inner = files.Path.Combine(path, candidate);
            if (files.File.Exists(path) || files.File.Exists(inner))
            {
                return files.File.Exists(path) ? path : inner;
            }
        }

        throw new BackendException(ErrorCode.Unavailable, $"unable to find '{name}' in the folder of version {version.Number} of model '{version.Config.Name}'");
    }
}
