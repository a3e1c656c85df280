using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.TestKit.Memory;
using Xunit;

namespace InferenceServer.Backends.TestKit.Batches;

/// <summary>One execution on an instance of its own.</summary>
public static class SingleRun
{
    /// <summary>Runs a model of one input and returns the outputs that are wanted; all when none is named.</summary>
    public static Dictionary<string, TestTensor> Of(IBackendModel model, TestTensor input, params string[] outputs)
    {
        var allocator = new NativeTensorAllocator();
        Dictionary<string, TestTensor> results;
        using (var instance = model.CreateInstance(new InstancePlacement("test_0", InstanceKind.Cpu, 0)))
        using (var batch = new TestExecutionBatch(model.Signature, allocator, [input], outputs.Length == 0 ? null : outputs))
        {
            instance.Execute(batch);
            results = model.Signature.Outputs.Where(output => batch.HasOutput(output.Name)).ToDictionary(static output => output.Name, output => batch.Output(output.Name));
        }

        Assert.Equal(0, allocator.Living);
        return results;
    }
}
