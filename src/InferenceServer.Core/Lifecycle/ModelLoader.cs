using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Scheduling;
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
    private readonly ILogger _logger = loggers.CreateLogger<ModelLoader>();
    private readonly ClassLabelReader _labels = new(files, new EntryGuard(files, [.. options.Repositories, .. roots ?? []], options.AllowsModelLinks));
    private readonly ModelWarmup _warmup = new(files, allocator, time, options.Scheduler, loggers.CreateLogger<ModelWarmup>());

    public ModelLoadResult? Prepare(string modelName, AspiredVersion version)
    {
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
            return Fail(modelName, version, exception);
        }
    }

    public async Task<ModelLoadResult> LoadAsync(string modelName, AspiredVersion version, Action onWarmup, CancellationToken cancellationToken)
    {
        try
        {
            var result = await LoadCoreAsync(version, cancellationToken).ConfigureAwait(false);
            return result.Served is { Config.Warmup.IsEmpty: false } served
                ? await WarmUpAsync(served, version.Folder.Path, onWarmup, cancellationToken).ConfigureAwait(false)
                : result;
        }
        catch (BackendException exception)
        {
            return ModelLoadResult.Failed(exception.Message);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return Fail(modelName, version, exception);
        }
    }

    private ModelLoadResult Fail(string modelName, AspiredVersion version, Exception exception)
    {
        LifecycleLog.LoadThrew(_logger, exception, modelName, version.Number);
        return ModelLoadResult.Failed($"the backend failed unexpectedly ({exception.GetType().Name}); the server's log says how");
    }

    private IBackend BackendOf(AspiredVersion version) => backends.First(candidate => candidate.Descriptor.Name == version.Config.Backend.Name);

    private async Task<ModelLoadResult> LoadCoreAsync(AspiredVersion version, CancellationToken cancellationToken)
    {
        var declared = version.Config;
        var backend = BackendOf(version);
        var context = MakeContext(version);
        var model = await BackgroundThread.RunAsync($"load {context.ModelName}", () => backend.LoadAsync(context, cancellationToken)).ConfigureAwait(false);
        try
        {
            var completion = new ModelCompletionOptions { AutoComplete = options.AutoCompleteConfig, DefaultMaxBatchSize = options.DefaultMaxBatchSize(backend.Descriptor.Name) };
            if (!ModelConfigCompletion.TryComplete(declared, model.Signature, completion, out var config, out var problems))
            {
                model.Dispose();
                return ModelLoadResult.Failed(string.Join('\n', problems));
            }

            foreach (var warning in config.Warnings)
            {
                LifecycleLog.ConfigWarning(_logger, config.Name, warning.ToString());
            }

            var labels = await _labels.ReadAsync(version.Folder.Path, config, cancellationToken).ConfigureAwait(false);
            return ModelLoadResult.Loaded(Serve(version, config, model, labels));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Warms the version up; one that cannot be is given up, and its memory with it.</summary>
    private async Task<ModelLoadResult> WarmUpAsync(ServedModel served, string folder, Action onWarmup, CancellationToken cancellationToken)
    {
        onWarmup();
        string? problem;
        try
        {
            problem = await _warmup.RunAsync(served, folder, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await served.UnloadAsync().ConfigureAwait(false);
            throw;
        }

        if (problem is null)
        {
            return ModelLoadResult.Loaded(served);
        }

        await served.UnloadAsync().ConfigureAwait(false);
        return ModelLoadResult.Failed(problem);
    }

    private ServedModel Serve(AspiredVersion version, ModelConfig config, IBackendModel model, ImmutableDictionary<string, ClassLabels> labels)
    {
        var instances = new List<IModelInstance>();
        try
        {
            foreach (var placement in Place(config))
            {
                instances.Add(model.CreateInstance(placement));
            }

            return Serve(version, config, model, labels, instances);
        }
        catch
        {
            instances.ForEach(static instance => instance.Dispose());
            throw;
        }
    }

    private ServedModel Serve(AspiredVersion version, ModelConfig config, IBackendModel model, ImmutableDictionary<string, ClassLabels> labels, List<IModelInstance> instances)
    {
        var statistics = version.Statistics ?? options.Telemetry.MakeStatistics(config, version.Config.Backend, time);
        var lanes = new LaneSetup
        {
            ModelName = config.Name,
            Version = version.Number,
            ThreadName = $"lane {config.Name}",
            Assembler = new BatchAssembler(config, model.Signature, allocator),
            Splitter = new BatchSplitter(config, model.Signature),
            IsDecoupled = config.IsDecoupled,
            Statistics = statistics,
            Time = time,
            IdleTimeout = options.Scheduler.LaneIdleTimeout,
            Logger = loggers.CreateLogger<InstanceRunner>(),
        };
        var batching = config.DynamicBatching;
        var setup = new LaneSchedulerSetup
        {
            Limits = batching is null || !config.IsBatching || config.IsDecoupled
                ? BatchLimits.Single
                : new BatchLimits(config.MaxBatchSize, [.. batching.PreferredBatchSizes.Order()], time.ToTicks(batching.MaxQueueDelay)),
            MaxQueueSize = batching is { MaxQueueSize: > 0 } ? batching.MaxQueueSize : options.Scheduler.MaxQueueSize,
            MaxQueueBytes = options.Scheduler.MaxQueueBytes,
            DefaultTimeout = batching?.DefaultTimeout ?? TimeSpan.Zero,
            AllowTimeoutOverride = batching?.AllowTimeoutOverride ?? false,
            Time = time,
            Statistics = statistics,
        };
        var scheduler = new LaneScheduler(setup, owner => instances.Select(instance => new InstanceRunner(owner, instance, lanes)));
        return new ServedModel(version.Number, config, model, scheduler, statistics, time) { Labels = labels };
    }

    private static IEnumerable<InstancePlacement> Place(ModelConfig config)
    {
        foreach (var group in config.InstanceGroups)
        {
            for (var i = 0; i < group.Count; i++)
            {
                yield return new InstancePlacement($"{group.Name}_{i}", group.Kind, group.Gpus.IsDefaultOrEmpty ? 0 : group.Gpus[i % group.Gpus.Length]);
            }
        }
    }

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

        var path = files.Path.Combine(version.Files.Path, name);
        if (files.File.Exists(path))
        {
            return path;
        }

        // A folder of the model's name with the model and its external data in it, as Triton allows for ONNX.
        var inner = files.Path.Combine(path, name);
        return files.File.Exists(inner)
            ? inner
            : throw new BackendException(ErrorCode.Unavailable, $"unable to find '{name}' in the folder of version {version.Number} of model '{version.Config.Name}'");
    }
}
