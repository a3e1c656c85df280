using System.Diagnostics;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class SharedThreadsTests
{
    private const int Models = 60;

    [Fact]
    public void Load_ManyModels_AddsNoThreads()
    {
        OnnxModels.Load(SampleOnnxModels.AddSub()).Dispose();
        var before = Threads();
        var models = Enumerable.Range(0, Models).Select(static _ => OnnxModels.Load(SampleOnnxModels.AddSub())).ToArray();
        var after = Threads();
        Array.ForEach(models, static model => model.Dispose());

        // Pools of their own would add a thread a model; half of that leaves room for the tests beside this one.
        Assert.InRange(after - before, int.MinValue, Models / 2);
    }

    [Fact]
    public void Load_ModelsThatAskForThreads_GetThem()
    {
        var before = Threads();
        var models = Enumerable.Range(0, Models).Select(static _ => OnnxModels.Load(SampleOnnxModels.AddSub(), ("intra_op_thread_count", "3"))).ToArray();
        var after = Threads();
        Array.ForEach(models, static model => model.Dispose());
        Assert.InRange(after - before, Models, int.MaxValue);
    }

    [Fact]
    public void WarmUp_WithSettingsThatAreWrong_LeavesItToTheLoadToSaySo()
    {
        var settings = new Dictionary<string, string> { ["intra_op_thread_count"] = "many" };

        new OnnxBackend().WarmUp(settings, 2);

        using var directory = new TemporaryDirectory();
        var error = OnnxModels.LoadFails(OnnxModels.Context(directory.Write("model.onnx", SampleOnnxModels.AddSub())) with { BackendSettings = settings });
        Assert.Contains("intra_op_thread_count", error.Message, StringComparison.Ordinal);
    }

    private static int Threads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }
}
