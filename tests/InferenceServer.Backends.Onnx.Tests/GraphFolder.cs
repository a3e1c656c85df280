using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Onnx.Providers;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>A folder for optimised graphs, and loads that use it.</summary>
internal sealed class GraphFolder : IDisposable
{
    public const string Kept = "was kept for later loads";
    public const string Used = "of an earlier load was used";
    public const string Thrown = "was thrown away";

    public TemporaryDirectory Directory { get; } = new();

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public string Path => System.IO.Path.Combine(Directory.FullPath, "cache");

    public void Dispose() => Directory.Dispose();

    public static byte[] Scaled(float scale) => new OnnxModelBuilder()
        .Input("x", OnnxElementType.Float, "n")
        .Input("scale", OnnxElementType.Float, 1)
        .Output("y", OnnxElementType.Float, "n")
        .Initializer("scale", OnnxTensor.Floats([1], scale))
        .Node("Mul", ["x", "scale"], ["y"])
        .Build();

    public static RecordingBackendLog Log(ModelLoadContext context) => (RecordingBackendLog)context.Log;

    /// <summary>The one about a kept graph; the engine warns of optional inputs besides.</summary>
    public static string Warning(ModelLoadContext context) => Assert.Single(Log(context).Warnings, static warning => warning.Contains(Thrown, StringComparison.Ordinal));

    public static void AssertSaid(ModelLoadContext context, string words) => Assert.Contains(words, Assert.Single(Log(context).Infos), StringComparison.Ordinal);

    public static float[] Run(ModelLoadContext context, TestTensor input)
    {
        using var model = OnnxModels.Load(context);
        return OnnxModels.Run(model, input).Values.Single().As<float>();
    }

    public OnnxBackend Backend() => new(new EngineProviders(), Time);

    public ModelLoadContext Context(string file, params (string Key, string Value)[] parameters) =>
        OnnxModels.Context(file, parameters) with { BackendSettings = new Dictionary<string, string> { ["optimized-graph-folder"] = Path } };

    public ModelLoadContext Limited(string file, string maxBytes) =>
        OnnxModels.Context(file) with { BackendSettings = new Dictionary<string, string> { ["optimized-graph-folder"] = Path, ["optimized-graph-max-bytes"] = maxBytes } };

    public string[] Entries() => [.. System.IO.Directory.GetDirectories(Path).Where(static entry => System.IO.Path.GetFileName(entry).Length == 64)];
}
