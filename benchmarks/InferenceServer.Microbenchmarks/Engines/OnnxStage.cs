using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Engines;

/// <summary>One execution by the backend, with its inputs assembled and its outputs in tensor memory.</summary>
internal sealed class OnnxStage : IStage, IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly LaneArrays _arrays = new();
    private readonly TensorView[] _inputs;
    private readonly IBackendModel _model;
    private readonly IModelInstance _instance;
    private readonly PendingInference[] _members;
    private readonly int _rows;

    private OnnxStage(EngineModel model, int rows, IBackendModel loaded)
    {
        _model = loaded;
        _instance = loaded.CreateInstance(Placement);
        _rows = rows;
        _inputs = [.. model.Inputs.Select(name => Input(name, model.Shape(rows)))];
        using var leased = new Scheduling.StagedModel();
        _members = [leased.Pending()];
        _members[0].Membership = new BatchMembership(1);
    }

    private static InstancePlacement Placement { get; } = new("measured_0", InstanceKind.Cpu, 0);

    /// <summary>Loads the model.</summary>
    public static OnnxStage Load(EngineModel model, int rows)
    {
        var backend = Prepare(model, out var context);

        // A load from a file ends where it began.
        var loading = backend.LoadAsync(context, CancellationToken.None);
        return loading.IsCompletedSuccessfully ? new OnnxStage(model, rows, loading.Result) : throw new InvalidOperationException($"{model.Name} was not loaded");
    }

    /// <summary>Has the backend set up the threads that all sessions of the process share.</summary>
    public static OnnxBackend Prepare(EngineModel model, out ModelLoadContext context)
    {
        var backend = new OnnxBackend();
        context = new ModelLoadContext
        {
            ModelName = model.Name,
            Version = 1,
            ModelFile = model.File,
            DeclaredInputs = [],
            DeclaredOutputs = [],
            Placements = [Placement],
            ProcessorCount = Environment.ProcessorCount,
            Log = QuietLog.Instance,
        };
        backend.Prepare(context);
        return backend;
    }

    public void Run()
    {
        var places = _arrays.Inputs(_inputs.Length);
        for (var i = 0; i < _inputs.Length; i++)
        {
            places[i] = _inputs[i].Acquire();
        }

        using var batch = new LaneBatch(_model.Signature, _pool, _arrays, _inputs.Length, _rows, null, _members, null);
        _instance.Execute(batch);
    }

    public void Dispose()
    {
        _instance.Dispose();
        _model.Dispose();
        Array.ForEach(_inputs, static input => input.Dispose());
        _pool.Dispose();
    }

    private TensorView Input(string name, long[] shape)
    {
        var buffer = _pool.Rent(shape.Aggregate(1L, static (product, size) => product * size) * sizeof(float));
        buffer.Span.Clear();
        return new TensorView(name, TensorDataType.Fp32, new TensorShape(shape), buffer);
    }
}
