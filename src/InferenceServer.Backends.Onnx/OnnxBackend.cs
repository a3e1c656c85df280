using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Onnx.Adapters;
using InferenceServer.Backends.Onnx.Graphs;
using InferenceServer.Backends.Onnx.Providers;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx;

/// <summary>
/// Serves ONNX models on ONNX Runtime. All instances of a version that run in one place share one session, and all sessions that do not ask for threads of
/// their own share one thread pool, so neither weights nor threads multiply with instances and models.
/// </summary>
public sealed class OnnxBackend : IBackend
{
    private readonly IProviders _providers;
    private readonly FileSystem _files = new();
    private readonly TimeProvider _time;

    /// <summary>Makes the backend.</summary>
    public OnnxBackend()
        : this(new EngineProviders(), TimeProvider.System)
    {
    }

    internal OnnxBackend(IProviders providers, TimeProvider time)
    {
        _providers = providers;
        _time = time;
        EngineTelemetry.SwitchOff();
    }

    /// <summary>What sessions without threads take that are made while models are under load.</summary>
    internal OneThreadMemory OneThreads { get; } = new();

    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new("onnxruntime")
    {
        Platform = "onnxruntime_onnx",
        ModelFilenames = ["model.onnx"],
        BareFileExtension = ".onnx",
        DescribesModels = true,
        RunsOnGpus = true,
        LoadsOperatorLibraries = true,
        Settings = SessionSettingsReader.ServerKeys,
    };

    /// <inheritdoc />
    public void WarmUp(IReadOnlyDictionary<string, string> settings, int processorCount)
    {
        var (intraOpThreads, interOpThreads) = SessionSettingsReader.ReadShared(settings, processorCount);
        OnnxEnvironment.TryMake(intraOpThreads, interOpThreads);
    }

    /// <inheritdoc />
    public void Prepare(ModelLoadContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (intraOpThreads, interOpThreads) = SessionSettingsReader.ReadShared(context.BackendSettings, context.ProcessorCount);
        OnnxEnvironment.Get(intraOpThreads, interOpThreads, context.Log);
    }

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (context.ModelFile is not { } file)
        {
            throw new BackendException(ErrorCode.InvalidArgument, "the onnxruntime backend needs a model file, and none was given");
        }

        return ValueTask.FromResult<IBackendModel>(Load(context, file, SessionSettingsReader.Read(context), cancellationToken));
    }

    private OnnxModel Load(ModelLoadContext context, string file, SessionSettings settings, CancellationToken cancellation)
    {
        var environment = OnnxEnvironment.Get(settings.SharedIntraOpThreads, settings.SharedInterOpThreads, context.Log);
        var log = environment.Log.Add(context);
        var graphs = settings.Graphs is { } options ? new GraphCache(new GraphStore(options, _files, _time), _files, context, file, settings) : null;
        var factory = new SessionFactory(context, file, settings, environment, _providers, log, graphs);
        var first = context.Placements is [var placement, ..] ? placement : new InstancePlacement(context.ModelName, InstanceKind.Cpu, 0);
        var choice = new ThreadChoice(_files, _time, ThreadChoice.Limit);
        InferenceSession? session = null;
        AdapterSet? adapters = null;
        try
        {
            foreach (var other in context.Placements)
            {
                factory.Check(other);
            }

            var alone = ThreadChoice.Alone(context, settings, factory.HasDevice(first));
            if (choice.OfSmall(context, alone) is { } small)
            {
                session = choice.Try(() => new SessionFactory(context, file, small, environment, _providers, log, null).Create(first, cancellation));
                factory = session is null ? factory : new SessionFactory(context, file, small, environment, _providers, log, graphs);
                alone = session is null ? alone : null;
                if (graphs is not null)
                {
                    // One that stays is made from the graph that is kept.
                    session?.Dispose();
                    session = null;
                }
            }

            session ??= factory.Create(first, cancellation);
            CheckFreeDimensions(session, settings);
            var signature = SignatureReader.Read(session, context);
            adapters = AdapterFolder.Load(_files, context, file, signature.Tensors, cancellation);
            return new OnnxModel(factory, factory.PlaceOf(first), session, signature with { Tensors = signature.Tensors with { Variants = adapters.Variants } }, settings, adapters, OneThread(), log);

            OneThreadSession? OneThread()
            {
                if (alone is null || settings is { OneThreadBytes: 0 } or { SharedIntraOpThreads: 1 })
                {
                    return null;
                }

                var without = new SessionFactory(context, file, alone, environment, _providers, log, graphs);
                return new OneThreadSession(stop => without.Create(first, stop), () => MeasureWeights(file), OneThreads, settings.OneThreadBytes, _time);
            }
        }
        catch (Exception exception)
        {
            session?.Dispose();
            adapters?.Dispose();
            log.Dispose();
            if (exception is OnnxRuntimeException native)
            {
                cancellation.ThrowIfCancellationRequested();
                throw factory.Explain(native, first);
            }

            throw;
        }
    }

    private long MeasureWeights(string file) =>
        GraphKey.ExternalFiles(_files, file, Path.GetDirectoryName(file)!).Append(file).Sum(one => _files.FileInfo.New(one).Length);

    // The engine says nothing about a dimension that the model does not have.
    private static void CheckFreeDimensions(InferenceSession session, SessionSettings settings)
    {
        var sizes = session.InputMetadata.Values.SelectMany(static input => input.IsTensor ? input.Dimensions : []).ToHashSet();
        var unknown = settings.FreeDimensions.Where(dimension => !sizes.Contains(dimension.Size)).Select(static dimension => $"'{dimension.Name}'").ToList();
        if (unknown.Count > 0)
        {
            var free = session.InputMetadata.Values.SelectMany(static input => input.IsTensor ? input.SymbolicDimensions : []).Where(static name => name.Length > 0).Distinct().Order(StringComparer.Ordinal).ToList();
            throw new BackendException(
                ErrorCode.InvalidArgument,
                $"a free_dimension is given for {string.Join(", ", unknown)}, which no input has; {(free.Count == 0 ? "no dimension of an input is free and named" : $"free are {string.Join(", ", free)}")}");
        }
    }
}
