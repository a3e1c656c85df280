using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class EngineLogTests
{
    [Fact]
    public void Receive_LineOfASession_ReachesOnlyItsModelsLog()
    {
        var log = new EngineLog();
        var (first, second) = (new RecordingBackendLog(), new RecordingBackendLog());
        using var one = log.Add(OnnxModels.Context("/models/a/1/model.onnx") with { Log = first });
        var two = log.Add(OnnxModels.Context("/models/b/1/model.onnx") with { Log = second });
        log.Receive(0, OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING, "onnxruntime", one.Id, "x.cc:1", "see /models/a/1/model.onnx");
        log.Receive(0, OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "onnxruntime", two.Id + ":run", "x.cc:1", "odd");
        log.Receive(0, OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "onnxruntime", "nobody", "x.cc:1", "lost");
        two.Dispose();
        log.Receive(0, OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "onnxruntime", two.Id, "x.cc:1", "late");
        Assert.Equal(["see model.onnx"], first.Warnings);
        Assert.Equal(["odd"], second.Warnings);
    }

    [Fact]
    public void Load_ModelThatTheEngineWarnsOf_SaysSoInItsLog()
    {
        // An initialiser that nothing uses is what the engine warns of.
        using var directory = new Testing.Files.TemporaryDirectory();
        var context = OnnxModels.Context(directory.Write("model.onnx", new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, 2)
            .Output("y", OnnxElementType.Float, 2)
            .Initializer("idle", OnnxTensor.Floats([1], 1))
            .Node("Neg", ["x"], ["y"])
            .Build()));
        OnnxModels.Load(context).Dispose();
        var warnings = ((RecordingBackendLog)context.Log).Warnings;
        Assert.Contains("idle", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.All(warnings, OnnxModels.AssertDiscreet);
    }
}
