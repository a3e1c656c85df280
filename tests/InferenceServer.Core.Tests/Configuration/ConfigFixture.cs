using System.Collections.Immutable;
using System.Text;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

/// <summary>The backends, folders and signatures that the tests of this room share.</summary>
internal static class ConfigFixture
{
    public static readonly ImmutableArray<BackendDescriptor> Backends =
    [
        new("onnxruntime") { Platform = "onnxruntime_onnx", ModelFilenames = ["model.onnx"], BareFileExtension = ".onnx", DescribesModels = true, RunsOnGpus = true },
        new("identity"),
        new("pytorch") { Platform = "pytorch_libtorch", ModelFilenames = ["model.pt"], BareFileExtension = ".pt", DescribesModels = true },
    ];

    public static ModelFolderFacts Folder(string name = "m", params string[] files) => new()
    {
        ModelName = name,
        Versions = [1],
        VersionFiles = ImmutableDictionary<long, ImmutableHashSet<string>>.Empty.Add(1, [.. files.Length == 0 ? ["model.onnx"] : files]),
    };

    public static ModelConfigDocument Text(string text) => ModelConfigDocument.ReadText("config.pbtxt", Encoding.UTF8.GetBytes(text));

    public static ModelConfigDocument Json(string text) => ModelConfigDocument.ReadJson("config.json", Encoding.UTF8.GetBytes(text));

    public static DeclaredModelConfig Declare(string text, ModelFolderFacts? facts = null)
    {
        Assert.True(ModelConfigDeclaration.TryDeclare(Text(text), facts ?? Folder(), Backends, out var declared, out var problems), string.Join('\n', problems));
        Assert.Empty(problems);
        return declared;
    }

    public static ImmutableArray<ConfigProblem> DeclareProblems(string text, ModelFolderFacts? facts = null)
    {
        Assert.False(ModelConfigDeclaration.TryDeclare(Text(text), facts ?? Folder(), Backends, out var declared, out var problems));
        Assert.Null(declared);
        Assert.NotEmpty(problems);
        return problems;
    }

    public static ModelConfig Complete(string text, ModelSignature signature, ModelCompletionOptions? options = null)
    {
        Assert.True(ModelConfigCompletion.TryComplete(Declare(text), signature, options ?? new(), out var config, out var problems), string.Join('\n', problems));
        Assert.Empty(problems);
        return config;
    }

    public static ImmutableArray<ConfigProblem> CompleteProblems(string text, ModelSignature signature, ModelCompletionOptions? options = null)
    {
        Assert.False(ModelConfigCompletion.TryComplete(Declare(text), signature, options ?? new(), out var config, out var problems));
        Assert.Null(config);
        Assert.NotEmpty(problems);
        return problems;
    }

    public static ModelSignature Signature(TensorSpec[] inputs, TensorSpec[] outputs) => new([.. inputs], [.. outputs]);

    public static TensorSpec Fp32(string name, params long[] shape) => new(name, TensorDataType.Fp32, new TensorShape(shape));

    /// <summary>X [-1,4] → Y [-1,2].</summary>
    public static ModelSignature Batchable { get; } = Signature([Fp32("X", -1, 4)], [Fp32("Y", -1, 2)]);

    /// <summary>X [1,4] → Y [1,2].</summary>
    public static ModelSignature Fixed { get; } = Signature([Fp32("X", 1, 4)], [Fp32("Y", 1, 2)]);
}
