using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Backends.Torch.Tests.Models;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Engine;

/// <summary>What is asked of the engine for instances on GPUs.</summary>
public sealed class GpuTests
{
    [Fact]
    public async Task Instances_OnTwoGpus_HaveACopyOnEachAndTensorsGoThereAndBack()
    {
        var engine = new RecordingEngine(2);
        InstancePlacement[] placements = [new("net_0", InstanceKind.Gpu, 1), new("net_1", InstanceKind.Gpu, 0), new("net_2", InstanceKind.Gpu, 1)];
        using var model = await new ScriptModel
        {
            Inputs = [ScriptModel.Fp32("a", 2), ScriptModel.Fp32("b", 2)],
            Outputs = [ScriptModel.Fp32("sum", 2), ScriptModel.Fp32("diff", 2)],
            Placements = placements,
        }.LoadFileAsync(RepositoryFiles.TestData("torchscript/add_sub_dict.pt"), new TorchBackend(engine));
        var instances = placements.Select(model.CreateInstance).ToList();
        Assert.Equal(["load 1", "load 0"], engine.Calls);

        engine.Calls.Clear();
        var allocator = new NativeTensorAllocator();
        using (var batch = new TestExecutionBatch(model.Signature, allocator, [TestTensor.Fp32("a", new TensorShape(2), 3, 4), TestTensor.Fp32("b", new TensorShape(2), 1, 1)]))
        {
            instances[2].Execute(batch);
            Assert.Equal(["to 1 [2]", "to 1 [2]", "to host [2]", "to host [2]"], engine.Calls);
            Assert.Equal([4, 5], batch.Output("sum").As<float>());
        }

        Assert.Equal(0, allocator.Living);
        Assert.Equal([(MemoryKind.Gpu, 0), (MemoryKind.Gpu, 1)], model.Memory.Select(static one => (one.Kind, one.DeviceId)).Order());
        instances.ForEach(static instance => instance.Dispose());
    }

    [Fact]
    public async Task Load_GpuBeyondTheLast_IsRefused()
    {
        var model = new ScriptModel { Inputs = [ScriptModel.Fp32("x", 2)], Outputs = [ScriptModel.Fp32("y", 2)], Placements = [new InstancePlacement("net_0", InstanceKind.Gpu, 2)] };
        var error = await Assert.ThrowsAsync<Abstractions.Errors.BackendException>(
            async () => await model.LoadFileAsync(RepositoryFiles.TestData("torchscript/accumulator.pt"), new TorchBackend(new RecordingEngine(2))));
        Assert.StartsWith("instance 'net_0' asks for GPU 2, and libtorch has 2 here", error.Message, StringComparison.Ordinal);
    }
}
