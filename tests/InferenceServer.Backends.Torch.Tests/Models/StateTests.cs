using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Torch;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Models;

/// <summary>Models that change themselves as they run: <c>accumulator.pt</c> adds up what it is given.</summary>
public sealed class StateTests
{
    private readonly NativeTensorAllocator _allocator = new();

    [Theory]
    [InlineData(null, 3, 7)]
    [InlineData("false", 3, 7)]
    [InlineData("true", 10, 10)]
    public async Task Instances_OfAModelThatChangesItself_HaveStateAsAsked(string? sharing, float first, float second)
    {
        var options = new ScriptModel { Inputs = [ScriptModel.Fp32("x", -1)], Outputs = [ScriptModel.Fp32("n", 1)] };
        if (sharing is not null)
        {
            options.Parameters["ENABLE_WEIGHT_SHARING"] = sharing;
        }

        using var model = await options.LoadFileAsync(RepositoryFiles.TestData("torchscript/accumulator.pt"));
        Assert.True(model.Signature.KeepsState);
        using var one = model.CreateInstance(new InstancePlacement("one", InstanceKind.Cpu, 0));
        var other = model.CreateInstance(new InstancePlacement("other", InstanceKind.Cpu, 0));
        Run(model, one, 1, 2);
        Run(model, other, 7);
        Assert.Equal(first, Run(model, one, 0));
        Assert.Equal(second, Run(model, other, 0));
        Assert.Contains(options.Log.Infos, static line => line.StartsWith("the model changes values of its own", StringComparison.Ordinal));
        Assert.Equal(sharing == "true" ? 4 : 8, Assert.Single(model.Memory).Bytes);
        other.Dispose();
        Assert.Equal(4, Assert.Single(model.Memory).Bytes);
    }

    [Fact]
    public async Task Output_ThatIsTheModelsOwnTensor_IsNotChangedByTheNextRun()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("x", 1)], Outputs = [ScriptModel.Fp32("n", 1)] }
            .LoadAsync(ScriptArchive.Of("  def forward(s: __torch__.Model,\n    x: Tensor) -> Tensor:\n    n = s.n\n    _0 = torch.add_(n, x)\n    return n\n", "", "n"));
        using var instance = model.CreateInstance(new InstancePlacement("one", InstanceKind.Cpu, 0));
        using var first = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("x", new TensorShape(1), 1)]);
        instance.Execute(first);
        using var second = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("x", new TensorShape(1), 5)]);
        instance.Execute(second);
        Assert.Equal((1f, 6f), (first.Output("n").As<float>()[0], second.Output("n").As<float>()[0]));
    }

    [Fact]
    public async Task Instances_OfAnyOtherModel_ShareOneCopy()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("image", -1, 1, 8, 8)], Outputs = [ScriptModel.Fp32("probs", -1, 10)] }
            .LoadFileAsync(Path.Combine(RepositoryFiles.Root, "samples", "torch-models", "digits_torchscript", "1", "model.pt"));
        var weights = Assert.Single(model.Memory).Bytes;
        using var one = model.CreateInstance(new InstancePlacement("one", InstanceKind.Cpu, 0));
        using var other = model.CreateInstance(new InstancePlacement("other", InstanceKind.Cpu, 0));
        Assert.Equal(153_128, weights);
        Assert.Equal(weights, Assert.Single(model.Memory).Bytes);
        Assert.False(model.Signature.KeepsState);
    }

    [Fact]
    public async Task Model_SavedInTrainingMode_IsServedInEvaluationMode()
    {
        var options = new ScriptModel { Inputs = [ScriptModel.Fp32("x", -1)], Outputs = [ScriptModel.Fp32("y", -1)] };
        var archive = ScriptArchive.Of("  def forward(s: __torch__.Model,\n    x: Tensor) -> Tensor:\n    return torch.dropout(x, 0.5, s.training)\n");
        using var model = await options.LoadAsync(ScriptArchive.InTraining(archive));
        Assert.Equal(Enumerable.Repeat(1f, 100), SingleRun.Of(model, TestTensor.Fp32("x", new TensorShape(100), [.. Enumerable.Repeat(1f, 100)]))["y"].As<float>());
        Assert.Contains(options.Log.Infos, static line => line.StartsWith("the model was saved in training mode", StringComparison.Ordinal));
    }

    private float Run(IBackendModel model, IModelInstance instance, params float[] values)
    {
        using var batch = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("x", new TensorShape(values.Length), values)]);
        instance.Execute(batch);
        return batch.Output("n").As<float>()[0];
    }
}
