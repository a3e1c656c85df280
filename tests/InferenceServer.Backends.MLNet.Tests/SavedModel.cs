using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Files;
using Microsoft.ML;
using Xunit;

namespace InferenceServer.Backends.MLNet.Tests;

/// <summary>A pipeline that the test has fitted, saved, and loaded by the backend.</summary>
internal sealed class SavedModel : IDisposable
{
    private readonly TemporaryDirectory? _folder;

    private SavedModel(IBackendModel model, RecordingBackendLog log, TemporaryDirectory? folder)
    {
        Model = model;
        Log = log;
        _folder = folder;
        Instance = model.CreateInstance(Placement(0));
    }

    public static MLContext Context { get; } = new(seed: 7);

    public IBackendModel Model { get; }

    public IModelInstance Instance { get; }

    public RecordingBackendLog Log { get; }

    public NativeTensorAllocator Allocator { get; } = new();

    public static InstancePlacement Placement(int lane) => new($"m_{lane}", InstanceKind.Cpu, 0);

    /// <summary>Fits a pipeline to rows, saves it and has it loaded.</summary>
    public static async Task<SavedModel> FitAsync<T>(IEnumerable<T> rows, IEstimator<ITransformer> pipeline)
        where T : class => await FitAsync(Context.Data.LoadFromEnumerable(rows), pipeline);

    public static async Task<SavedModel> FitAsync(IDataView data, IEstimator<ITransformer> pipeline)
    {
        var folder = new TemporaryDirectory();
        var file = folder.Write("model.zip", "");
        Context.Model.Save(pipeline.Fit(data), data.Schema, file);
        var log = new RecordingBackendLog();
        return new SavedModel(await LoadAsync(file, log), log, folder);
    }

    public static async Task<SavedModel> OpenAsync(string file)
    {
        var log = new RecordingBackendLog();
        return new SavedModel(await LoadAsync(file, log), log, null);
    }

    public static async Task<IBackendModel> LoadAsync(string file, RecordingBackendLog? log = null) =>
        await new MLNetBackend().LoadAsync(new ModelLoadContext { ModelName = "m", Version = 1, ModelFile = file, Log = log ?? new RecordingBackendLog() }, TestContext.Current.CancellationToken);

    /// <summary>What it takes and gives, as text.</summary>
    public string Describe() => string.Join("; ", Model.Signature.Inputs.Select(static tensor => $"{tensor.Name}{(tensor.IsOptional ? "?" : "")} {tensor.DataType}{tensor.Shape}"))
        + " -> " + string.Join("; ", Model.Signature.Outputs.Select(static tensor => $"{tensor.Name}{(tensor.IsOptional ? "?" : "")} {tensor.DataType}{tensor.Shape}"));

    public TestExecutionBatch Run(IReadOnlyCollection<TestTensor> inputs, params string[] wanted) => RunCancellable(inputs, CancellationToken.None, wanted);

    public TestExecutionBatch RunCancellable(IReadOnlyCollection<TestTensor> inputs, CancellationToken cancellation, params string[] wanted)
    {
        var batch = new TestExecutionBatch(Model.Signature, Allocator, inputs, wanted.Length > 0 ? wanted : null, cancellation: cancellation);
        try
        {
            Instance.Execute(batch);
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Instance.Dispose();
        Model.Dispose();
        _folder?.Dispose();
        Assert.Equal(0, Allocator.Living);
    }
}
