using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Loads and runs models as a server would.</summary>
internal static class OnnxModels
{
    public static InstancePlacement Placement { get; } = new("test_0", InstanceKind.Cpu, 0);

    public static ModelLoadContext Context(string? file, params ReadOnlySpan<(string Key, string Value)> parameters) => new()
    {
        ModelName = "test",
        Version = 1,
        ModelFile = file,
        ProcessorCount = 2,
        Parameters = parameters.ToArray().ToDictionary(static pair => pair.Key, static pair => pair.Value),
        Log = new RecordingBackendLog(),
    };

    public static IBackendModel Load(ModelLoadContext context, OnnxBackend? backend = null)
    {
        // The engine loads on the calling thread: there is nothing to wait for.
        var loading = (backend ?? new OnnxBackend()).LoadAsync(context, CancellationToken.None).AsTask();
        Assert.True(loading.IsCompleted);
        return loading.GetAwaiter().GetResult();
    }

    public static IBackendModel Load(string file, params ReadOnlySpan<(string Key, string Value)> parameters) => Load(Context(file, parameters));

    /// <summary>The engine reads the file while it loads and not later, so the file may go at once.</summary>
    public static IBackendModel Load(byte[] model, params ReadOnlySpan<(string Key, string Value)> parameters)
    {
        using var directory = new TemporaryDirectory();
        return Load(directory.Write("model.onnx", model), parameters);
    }

    public static IBackendModel Load(OnnxModelBuilder model, params ReadOnlySpan<(string Key, string Value)> parameters) => Load(model.Build(), parameters);

    public static BackendException LoadFails(byte[] model, params ReadOnlySpan<(string Key, string Value)> parameters)
    {
        using var directory = new TemporaryDirectory();
        return LoadFails(Context(directory.Write("model.onnx", model), parameters));
    }

    /// <summary>The error of a load that must fail, after a look that it gives nothing away.</summary>
    public static BackendException LoadFails(ModelLoadContext context)
    {
        try
        {
            Load(context).Dispose();
        }
        catch (BackendException error)
        {
            AssertDiscreet(error.Message);
            return error;
        }

        Assert.Fail("the model was loaded");
        return null;
    }

    public static void AssertDiscreet(string message)
    {
        Assert.DoesNotContain(Path.GetTempPath(), message, StringComparison.Ordinal);
        Assert.DoesNotContain("onnxruntime_src", message, StringComparison.Ordinal);
        Assert.DoesNotContain(".cc:", message, StringComparison.Ordinal);
        Assert.DoesNotContain(".h:", message, StringComparison.Ordinal);
        Assert.DoesNotContain("0x", message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", message, StringComparison.Ordinal);
    }

    /// <summary>Runs once on an instance of its own and returns all outputs.</summary>
    public static Dictionary<string, TestTensor> Run(IBackendModel model, params TestTensor[] inputs) => Run(model, Placement, inputs);

    public static Dictionary<string, TestTensor> Run(IBackendModel model, InstancePlacement placement, params TestTensor[] inputs)
    {
        var allocator = new NativeTensorAllocator();
        Dictionary<string, TestTensor> outputs;
        using (var instance = model.CreateInstance(placement))
        using (var batch = new TestExecutionBatch(model.Signature, allocator, inputs))
        {
            instance.Execute(batch);
            outputs = model.Signature.Outputs.ToDictionary(static output => output.Name, output => batch.Output(output.Name));
        }

        Assert.Equal(0, allocator.Living);
        return outputs;
    }

    public static BackendException RunFails(IBackendModel model, params TestTensor[] inputs)
    {
        var allocator = new NativeTensorAllocator();
        using var instance = model.CreateInstance(Placement);
        using var batch = new TestExecutionBatch(model.Signature, allocator, inputs);
        var error = Assert.Throws<BackendException>(() => instance.Execute(batch));
        AssertDiscreet(error.Message);
        return error;
    }
}
