using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Torch.Engine;
using InferenceServer.Backends.Torch.Executions;

namespace InferenceServer.Backends.Torch;

/// <summary>One version: a module for each device where instances run, or one for each instance of a model that changes itself.</summary>
internal sealed class TorchModel(IEngine engine, ModuleSource source, ExecutionPlan plan, bool isShared, long weightBytes, IBackendLog log) : IBackendModel
{
    // The processor is no GPU, and has the place -1 here.
    private const int Processor = -1;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, IModule> _shared = [];

    // Loaded to see whether the model can be, before there is an instance of it.
    private readonly Dictionary<int, Queue<IModule>> _ready = [];
    private readonly Dictionary<int, int> _copies = [];

    /// <inheritdoc />
    public ModelSignature Signature => plan.Binding.Signature;

    /// <inheritdoc />
    public ImmutableArray<ModelMemory> Memory
    {
        get
        {
            lock (_gate)
            {
                return [.. _copies.Where(static one => one.Value > 0).Select(one => new ModelMemory(one.Key == Processor ? MemoryKind.Cpu : MemoryKind.Gpu, Math.Max(one.Key, 0), one.Value * weightBytes))];
            }
        }
    }

    /// <summary>Loads what the first instances need, so that a model that cannot be loaded fails now.</summary>
    public void LoadFor(ImmutableArray<InstancePlacement> placements)
    {
        foreach (var placement in placements)
        {
            Check(placement);
        }

        var first = placements.IsDefaultOrEmpty ? Processor : PlaceOf(placements[0]);
        var module = Load(first);
        if (isShared)
        {
            _shared[first] = module;
        }
        else
        {
            _ready[first] = new Queue<IModule>([module]);
        }
    }

    /// <summary>
    /// Runs the model a few times with zeros, whatever comes of it: TorchScript is optimised with its second run, and a mistake in that ends the process. For a trial.
    /// </summary>
    public void TryRuns()
    {
        foreach (var module in _shared.Values.Concat(_ready.Values.SelectMany(static queue => queue)))
        {
            TrialRuns.Run(module, plan);
        }
    }

    /// <inheritdoc />
    public IModelInstance CreateInstance(InstancePlacement placement)
    {
        Check(placement);
        var place = PlaceOf(placement);
        int? gpu = place == Processor ? null : place;
        if (isShared)
        {
            return new TorchInstance(engine, SharedAt(place), release: null, plan, gpu);
        }

        var own = TakeReady(place) ?? Load(place);
        return new TorchInstance(engine, own, () => Release(own, place), plan, gpu);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var module in _shared.Values.Concat(_ready.Values.SelectMany(static queue => queue)))
        {
            module.Dispose();
        }
    }

    private static int PlaceOf(InstancePlacement placement) => placement.Kind == InstanceKind.Gpu ? placement.DeviceId : Processor;

    private void Check(InstancePlacement placement)
    {
        if (placement.Kind != InstanceKind.Gpu || placement.DeviceId < engine.GpuCount)
        {
            return;
        }

        throw new BackendException(
            ErrorCode.Unsupported,
            $"instance '{placement.Name}' asks for GPU {placement.DeviceId}, and libtorch has {(engine.GpuCount == 0 ? "none" : FormattableString.Invariant($"{engine.GpuCount}"))} here; "
            + "to have it, build the backend with -p:Torch=Cuda and install the driver of the GPU; to serve on the CPU, write kind: KIND_CPU");
    }

    private IModule? TakeReady(int place)
    {
        lock (_gate)
        {
            return _ready.TryGetValue(place, out var ready) && ready.TryDequeue(out var loaded) ? loaded : null;
        }
    }

    private IModule SharedAt(int place)
    {
        lock (_gate)
        {
            if (_shared.TryGetValue(place, out var made))
            {
                return made;
            }
        }

        // Loaded outside the lock, since that takes long; where another came first, its module is used.
        var own = Load(place);
        lock (_gate)
        {
            if (_shared.TryAdd(place, own))
            {
                return own;
            }
        }

        Release(own, place);
        return SharedAt(place);
    }

    private void Release(IModule module, int place)
    {
        module.Dispose();
        lock (_gate)
        {
            _copies[place]--;
        }
    }

    private IModule Load(int place)
    {
        try
        {
            var module = engine.Load(source, place == Processor ? null : place, out var wasTraining);
            if (wasTraining)
            {
                log.Info("the model was saved in training mode, without eval(); it is served in evaluation mode, so that nothing is dropped by chance");
            }

            try
            {
                Compile(module);
            }
            catch
            {
                module.Dispose();
                throw;
            }

            lock (_gate)
            {
                _copies[place] = _copies.GetValueOrDefault(place) + 1;
            }

            return module;
        }
        catch (TorchException exception)
        {
            throw new BackendException(TorchMessage.CodeOf(exception.Message), $"libtorch cannot load the model: {TorchMessage.Read(exception.Message)}", exception);
        }
    }

    /// <summary>
    /// Methods are compiled when they are first called. A call without the arguments that it must have compiles the method and then says that they are missing.
    /// </summary>
    private void Compile(IModule module)
    {
        if (plan.IsDirect && plan.Binding.Method.Parameters.All(static parameter => parameter.HasDefault))
        {
            return;
        }

        try
        {
            module.Call(plan.Method, []);
        }
        catch (TorchException exception) when (exception.Message.Contains("missing value for argument", StringComparison.Ordinal))
        {
            // As expected.
        }
    }
}
