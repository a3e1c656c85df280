using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Torch;

namespace InferenceServer.Backends.Torch.Tests.Models;

/// <summary>Loads models through the backend as the server does.</summary>
internal sealed class ScriptModel
{
    public TensorSpec[] Inputs { get; init; } = [];

    public TensorSpec[] Outputs { get; init; } = [];

    public Dictionary<string, string> Parameters { get; init; } = [];

    public Dictionary<string, string> BackendSettings { get; init; } = [];

    public InstancePlacement[] Placements { get; init; } = [new("test_0", InstanceKind.Cpu, 0)];

    public RecordingBackendLog Log { get; } = new();

    public static TensorSpec Fp32(string name, params long[] shape) => new(name, TensorDataType.Fp32, new TensorShape(shape));

    public static TensorSpec Text(string name, params long[] shape) => new(name, TensorDataType.Bytes, new TensorShape(shape));

    public static TensorSpec Int64(string name, params long[] shape) => new(name, TensorDataType.Int64, new TensorShape(shape));

    /// <summary>Loads a model of the class <c>Model</c> whose method has this head, from its first parameter on, and this body.</summary>
    public ValueTask<IBackendModel> LoadAsync(string head, string body, string others = "") =>
        LoadAsync(ScriptArchive.Of($"  def forward(s: __torch__.Model,\n    {head}:\n{string.Concat(body.Split('\n').Select(static line => $"    {line}\n"))}", others));

    public async ValueTask<IBackendModel> LoadAsync(byte[] archive)
    {
        using var folder = new TemporaryDirectory();
        return await LoadFileAsync(folder.Write("model.pt", archive));
    }

    public async ValueTask<IBackendModel> LoadFileAsync(string path, TorchBackend? backend = null)
    {
        backend ??= new TorchBackend();
        var context = new ModelLoadContext
        {
            ModelName = "test",
            Version = 1,
            ModelFile = path,
            DeclaredInputs = [.. Inputs],
            DeclaredOutputs = [.. Outputs],
            Parameters = Parameters,
            BackendSettings = BackendSettings,
            Placements = [.. Placements],
            ProcessorCount = 2,
            Log = Log,
        };
        backend.Prepare(context);
        return await backend.LoadAsync(context, CancellationToken.None);
    }
}
