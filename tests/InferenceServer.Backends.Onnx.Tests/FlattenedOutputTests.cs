using System.Collections.Immutable;
using System.Text.Json;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Executions;
using InferenceServer.Backends.Onnx.Signatures;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Outputs that are sequences and maps to the engine and tensors to clients.</summary>
public sealed class FlattenedOutputTests
{
    private static readonly string[] s_cultivars = ["barbera", "barolo", "grignolino"];

    [Fact]
    public void Load_ZipMapOutput_IsValuesAndKeysOfEachRow()
    {
        using var model = OnnxModels.Load(RepositoryFiles.TestData("wine_zipmap.onnx"));
        Assert.Equal(
            [
                new("label", TensorDataType.Bytes, new TensorShape(-1)),
                new("probabilities", TensorDataType.Fp32, new TensorShape(-1, -1)),
                new TensorSpec("probabilities_keys", TensorDataType.Bytes, new TensorShape(-1, -1)),
            ],
            model.Signature.Outputs);
        Assert.True(model.Signature.HasFreeFirstDimension);
    }

    [Fact]
    public void Execute_ZipMapOfEightWines_GivesTheExpectedProbabilitiesTogetherAndOneByOne()
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.TestData("wine.json")));
        float[] Floats(string name) => [.. expected.RootElement.GetProperty(name).EnumerateArray().Select(static value => value.GetSingle())];
        using var model = OnnxModels.Load(RepositoryFiles.TestData("wine_zipmap.onnx"));
        var features = TestTensor.Fp32("features", new TensorShape(8, 13), Floats("x"));
        var together = OnnxModels.Run(model, features);
        Assert.Equal(new TensorShape(8, 3), together["probabilities"].Shape);
        Assert.Equal(new TensorShape(8, 3), together["probabilities_keys"].Shape);
        Assert.Equal(Enumerable.Repeat(s_cultivars, 8).SelectMany(static keys => keys), together["probabilities_keys"].Texts());
        var probabilities = together["probabilities"].As<float>();

        // The expected ones are in the order in which the forest knows its classes: barolo, grignolino, barbera.
        var inOrderOfKeys = Floats("p").Chunk(3).SelectMany(static row => new[] { row[2], row[0], row[1] });
        Assert.All(inOrderOfKeys.Zip(probabilities), static pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        for (var row = 0; row < 8; row++)
        {
            var alone = OnnxModels.Run(model, features.Row(row));
            Assert.Equal(probabilities[(row * 3)..(row * 3 + 3)], alone["probabilities"].As<float>());
            Assert.Equal(s_cultivars, alone["probabilities_keys"].Texts());
        }
    }

    [Theory]
    [InlineData("probabilities")]
    [InlineData("probabilities_keys")]
    public void Execute_OneHalfOfAMapRequested_GivesThatAlone(string wanted)
    {
        using var model = OnnxModels.Load(RepositoryFiles.TestData("wine_zipmap.onnx"));
        using var instance = model.CreateInstance(OnnxModels.Placement);
        var features = TestTensor.Fp32("features", new TensorShape(2, 13), new float[26]);
        using var batch = new TestExecutionBatch(model.Signature, new NativeTensorAllocator(), [features], requested: [wanted]);
        instance.Execute(batch);
        Assert.Equal(new TensorShape(2, 3), batch.Output(wanted).Shape);
        Assert.All(["label", "probabilities", "probabilities_keys"], name => Assert.Equal(name == wanted, batch.HasOutput(name)));
    }

    [Fact]
    public void Execute_ZipMapOfNumbers_GivesThemAscendingWithTheirProbabilities()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Domain("ai.onnx.ml", 1)
            .Input("x", OnnxElementType.Float, "batch", 2)
            .Output("z", OnnxType.Sequence(OnnxType.Map(OnnxElementType.Int64, OnnxType.Tensor(OnnxElementType.Float))))
            .Node("ai.onnx.ml", "ZipMap", ["x"], ["z"], OnnxAttribute.Ints("classlabels_int64s", 7, -3)));
        var outputs = OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(2, 2), 1, 2, 3, 4));
        Assert.Equal([-3L, 7, -3, 7], outputs["z_keys"].As<long>());
        Assert.Equal([2f, 1, 4, 3], outputs["z"].As<float>());
        outputs = OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(0, 2)));
        Assert.Equal(new TensorShape(0, 0), outputs["z"].Shape);
        Assert.Empty(outputs["z_keys"].As<long>());
    }

    [Fact]
    public void Load_KeysThatTakeTheNameOfAnotherOutput_NamesTheTwo()
    {
        var error = OnnxModels.LoadFails(new OnnxModelBuilder()
            .Domain("ai.onnx.ml", 1)
            .Input("x", OnnxElementType.Float, "batch", 2)
            .Output("z", OnnxType.Sequence(OnnxType.Map(OnnxElementType.Int64, OnnxType.Tensor(OnnxElementType.Float))))
            .Output("z_keys", OnnxElementType.Float, "batch", 2)
            .Node("ai.onnx.ml", "ZipMap", ["x"], ["z"], OnnxAttribute.Ints("classlabels_int64s", 0, 1))
            .Node("Identity", ["x"], ["z_keys"])
            .Build());
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("two outputs 'z_keys'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_SequenceOfTensors_IsOneTensorWithADimensionForThePieces()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n", 2)
            .Input("y", OnnxElementType.Float, "n", 2)
            .Output("both", OnnxType.Sequence(OnnxType.Tensor(OnnxElementType.Float, "n", 2)))
            .Node("SequenceConstruct", ["x", "y"], ["both"]));
        var spec = Assert.Single(model.Signature.Outputs);
        Assert.Equal(new TensorShape(-1, -1, 2), spec.Shape);
        Assert.False(spec.HasRows);
        Assert.False(model.Signature.HasFreeFirstDimension);
        var x = TestTensor.Fp32("x", new TensorShape(1, 2), 1, 2);
        var both = OnnxModels.Run(model, x, TestTensor.Fp32("y", new TensorShape(1, 2), 3, 4))["both"];
        Assert.Equal(new TensorShape(2, 1, 2), both.Shape);
        Assert.Equal([1f, 2, 3, 4], both.As<float>());
        var error = OnnxModels.RunFails(model, x, TestTensor.Fp32("y", new TensorShape(2, 2), 3, 4, 5, 6));
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("'both'", error.Message, StringComparison.Ordinal);
        Assert.Contains("number 0 is of the shape [1,2], number 1 of [2,2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_SequenceOfStrings_KeepsEveryByte()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.String, "n")
            .Output("twice", OnnxType.Sequence(OnnxType.Tensor(OnnxElementType.String, "n")))
            .Node("SequenceConstruct", ["x", "x"], ["twice"]));
        var twice = OnnxModels.Run(model, TestTensor.Text("x", new TensorShape(2), "", "añb\0"))["twice"];
        Assert.Equal(new TensorShape(2, 2), twice.Shape);
        Assert.Equal(["", "añb\0", "", "añb\0"], twice.Texts());
    }

    [Fact]
    public void Execute_EmptySequence_HasNoPieces()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, 1)
            .Output("y", OnnxElementType.Float, 1)
            .Output("none", OnnxType.Sequence(OnnxType.Tensor(OnnxElementType.Float, "n", 2)))
            .Node("Identity", ["x"], ["y"])
            .Node("SequenceEmpty", [], ["none"], OnnxAttribute.Int("dtype", 1)));
        Assert.Equal(new TensorShape(0, 0, 2), OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(1), 1))["none"].Shape);
    }

    [Fact]
    public void Give_MapAlone_IsTwoVectors()
    {
        using var batch = Give(new EngineOutput("m", OutputForm.Map, 0), static () => Map([5, 9], [0.5f, 0.25f]), new TensorShape(-1));
        Assert.Equal(new TensorShape(2), batch.Output("m").Shape);
        Assert.Equal([0.5f, 0.25f], batch.Output("m").As<float>());
        Assert.Equal([5L, 9], batch.Output("m_keys").As<long>());
    }

    [Fact]
    public void Give_RowsOfDifferentKeys_EachRowHasItsOwn()
    {
        using var batch = Give(
            new EngineOutput("m", OutputForm.MapRows, 0), static () => OrtValue.CreateSequence([Map([1, 2], [0.5f, 0.25f]), Map([3, 4], [1, 2])]), new TensorShape(-1, -1));
        Assert.Equal(new TensorShape(2, 2), batch.Output("m").Shape);
        Assert.Equal([1L, 2, 3, 4], batch.Output("m_keys").As<long>());
        Assert.Equal([0.5f, 0.25f, 1, 2], batch.Output("m").As<float>());
    }

    [Fact]
    public void Give_RowsOfMoreAndFewerKeys_NamesTheOutput()
    {
        var error = Assert.Throws<BackendException>(() => Give(
            new EngineOutput("m", OutputForm.MapRows, 0), static () => OrtValue.CreateSequence([Map([1, 2], [0.5f, 0.25f]), Map([3], [1])]), new TensorShape(-1, -1)).Dispose());
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("'m'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SequenceInput_SaysThatItCannotBeGiven()
    {
        var error = OnnxModels.LoadFails(new OnnxModelBuilder()
            .Input("pieces", OnnxType.Sequence(OnnxType.Tensor(OnnxElementType.Float, "n")))
            .Output("y", OnnxElementType.Float, "m")
            .Node("ConcatFromSequence", ["pieces"], ["y"], OnnxAttribute.Int("axis", 0))
            .Build());
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("input 'pieces' is a sequence of FP32 tensors, and only tensors can be given to a model", error.Message, StringComparison.Ordinal);
    }

    private static OrtValue Map(long[] keys, float[] values) => OrtValue.CreateMap(keys, values);

    private static TestExecutionBatch Give(EngineOutput output, Func<OrtValue> make, TensorShape shape)
    {
        // The engine must be there before a value of it can be made.
        using var model = OnnxModels.Load(SampleOnnxModels.AddSub());
        var specs = ImmutableArray.Create(new TensorSpec("m", TensorDataType.Fp32, shape), new TensorSpec("m_keys", TensorDataType.Int64, shape));
        var batch = new TestExecutionBatch(new([], specs), new NativeTensorAllocator(), []);
        using var value = make();
        try
        {
            Flattener.Give(value, output, specs, batch);
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }
}
