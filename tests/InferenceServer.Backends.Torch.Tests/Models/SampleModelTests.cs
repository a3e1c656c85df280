using System.Text.Json;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Models;

/// <summary>Files that PyTorch itself has written.</summary>
public sealed class SampleModelTests
{
    [Fact]
    public async Task Digits_EightImages_GiveTheExpectedProbabilities()
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.TestData("digits.json")));
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("image", -1, 1, 8, 8)], Outputs = [ScriptModel.Fp32("probs", -1, 10)] }
            .LoadFileAsync(Path.Combine(RepositoryFiles.Root, "samples", "torch-models", "digits_torchscript", "1", "model.pt"));
        var images = Numbers(expected.RootElement.GetProperty("x"));
        var result = SingleRun.Of(model, TestTensor.Fp32("image", new TensorShape(images.Length / 64, 1, 8, 8), images))["probs"].As<float>();
        Assert.All(Numbers(expected.RootElement.GetProperty("y")).Zip(result), static pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public async Task Tuple_NamedByPlaces_GivesSumAndDifference()
    {
        using var model = await new ScriptModel
        {
            Inputs = [ScriptModel.Fp32("INPUT__1", -1, 2), ScriptModel.Fp32("INPUT__0", -1, 2)],
            Outputs = [ScriptModel.Fp32("OUTPUT__1", -1, 2), ScriptModel.Fp32("OUTPUT__0", -1, 2)],
        }.LoadFileAsync(RepositoryFiles.TestData("torchscript/add_sub_tuple.pt"));
        var result = Run(model, TestTensor.Fp32("INPUT__1", new TensorShape(1, 2), 1, 2), TestTensor.Fp32("INPUT__0", new TensorShape(1, 2), 5, 7));
        Assert.Equal([6, 9], result["OUTPUT__0"].As<float>());
        Assert.Equal([4, 5], result["OUTPUT__1"].As<float>());
    }

    [Fact]
    public async Task Dictionary_NamedByKeys_GivesSumAndDifference()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("b", -1, 2), ScriptModel.Fp32("a", -1, 2)], Outputs = [ScriptModel.Fp32("diff", -1, 2), ScriptModel.Fp32("sum", -1, 2)] }
            .LoadFileAsync(RepositoryFiles.TestData("torchscript/add_sub_dict.pt"));
        var result = Run(model, TestTensor.Fp32("b", new TensorShape(1, 2), 1, 2), TestTensor.Fp32("a", new TensorShape(1, 2), 5, 7));
        Assert.Equal([6, 9], result["sum"].As<float>());
        Assert.Equal([4, 5], result["diff"].As<float>());
    }

    [Fact]
    public async Task Strings_Rows_AreInCapitals()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Text("x", -1, 1)], Outputs = [ScriptModel.Text("OUTPUT__0", -1, 1)] }.LoadFileAsync(RepositoryFiles.TestData("torchscript/strings.pt"));
        var output = SingleRun.Of(model, TestTensor.Text("x", new TensorShape(3, 1), "abc", "", "Zürich"))["OUTPUT__0"];
        Assert.Equal(new TensorShape(3, 1), output.Shape);
        Assert.Equal(["ABC!", "!", "ZüRICH!"], output.Texts());
    }

    [Fact]
    public async Task Lstm_SequenceInPieces_GivesWhatItGivesInOne()
    {
        using var model = await new ScriptModel
        {
            Inputs = [ScriptModel.Fp32("x", -1, -1, 8), ScriptModel.Fp32("h", 1, -1, 16), ScriptModel.Fp32("c", 1, -1, 16)],
            Outputs = [ScriptModel.Fp32("y", -1, -1, 1), ScriptModel.Fp32("h2", 1, -1, 16), ScriptModel.Fp32("c2", 1, -1, 16)],
        }.LoadFileAsync(RepositoryFiles.TestData("torchscript/lstm_state.pt"));
        var x = Enumerable.Range(0, 48).Select(static i => MathF.Sin(i)).ToArray();
        var zero = new float[16];
        var whole = Run(model, TestTensor.Fp32("x", new TensorShape(1, 6, 8), x), TestTensor.Fp32("h", new TensorShape(1, 1, 16), zero), TestTensor.Fp32("c", new TensorShape(1, 1, 16), zero));
        var first = Run(model, TestTensor.Fp32("x", new TensorShape(1, 2, 8), x.AsSpan(0, 16)), TestTensor.Fp32("h", new TensorShape(1, 1, 16), zero), TestTensor.Fp32("c", new TensorShape(1, 1, 16), zero));
        var second = Run(model, TestTensor.Fp32("x", new TensorShape(1, 4, 8), x.AsSpan(16)), first["h2"].Named("h"), first["c2"].Named("c"));
        Assert.All(whole["y"].As<float>().Zip(first["y"].As<float>().Concat(second["y"].As<float>())), static pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.NotEqual(0, whole["y"].As<float>()[0]);
    }

    private static float[] Numbers(JsonElement value) => value.ValueKind == JsonValueKind.Number ? [value.GetSingle()] : [.. value.EnumerateArray().SelectMany(Numbers)];

    private static Dictionary<string, TestTensor> Run(IBackendModel model, params TestTensor[] inputs)
    {
        var allocator = new NativeTensorAllocator();
        using var instance = model.CreateInstance(new InstancePlacement("test_0", InstanceKind.Cpu, 0));
        using var batch = new TestExecutionBatch(model.Signature, allocator, inputs);
        instance.Execute(batch);
        return model.Signature.Outputs.ToDictionary(static output => output.Name, output => batch.Output(output.Name));
    }
}
