using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.BackendOverhead.Batches;

namespace InferenceServer.BackendOverhead.Subjects;

/// <summary>A model as a backend has loaded it, with one instance.</summary>
internal sealed class LoadedModel
{
    private static readonly InstancePlacement s_placement = new("measured_0", InstanceKind.Cpu, 0);

    private readonly IBackendModel _model;
    private readonly IModelInstance _instance;

    private LoadedModel(IBackendModel model)
    {
        _model = model;
        _instance = model.CreateInstance(s_placement);
    }

    public static async Task<LoadedModel> LoadAsync(IBackend backend, string file, TensorSpec[]? inputs = null, TensorSpec[]? outputs = null)
    {
        var context = new ModelLoadContext
        {
            ModelName = "measured",
            Version = 1,
            ModelFile = file,
            DeclaredInputs = [.. inputs ?? []],
            DeclaredOutputs = [.. outputs ?? []],
            Placements = [s_placement],
            ProcessorCount = Environment.ProcessorCount,
            Log = SilentLog.Instance,
        };
        backend.Prepare(context);
        return new LoadedModel(await backend.LoadAsync(context, CancellationToken.None));
    }

    /// <summary>Runs it again and again over the same input.</summary>
    public Func<double> Serve(string input, TensorShape shape, float[] values, int output = 0)
    {
        var batch = new MeasuredBatch(_model.Signature, input, shape, values);
        var isDouble = _model.Signature.Outputs[output].DataType == TensorDataType.Fp64;
        return () =>
        {
            _instance.Execute(batch);
            var bytes = batch.Output(output);
            var first = isDouble ? MemoryMarshal.Read<double>(bytes) : MemoryMarshal.Read<float>(bytes);
            batch.Release();
            return first;
        };
    }

    /// <summary>The place of an output.</summary>
    public int IndexOf(string output) => _model.Signature.Outputs.Select(static one => one.Name).ToList().IndexOf(output);

    private sealed class SilentLog : IBackendLog
    {
        public static SilentLog Instance { get; } = new();

        public void Info(string message)
        {
        }

        public void Warning(string message) => Console.Error.WriteLine(message);
    }
}
