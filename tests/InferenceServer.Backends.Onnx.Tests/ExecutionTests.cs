using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class ExecutionTests
{
    [Fact]
    public void Execute_GraphReturnsItsInput_OutputHasMemoryOfItsOwn()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n")
            .Output("x", OnnxElementType.Float, "n")
            .Output("y", OnnxElementType.Float, "n")
            .Node("Neg", ["x"], ["y"]));
        var allocator = new NativeTensorAllocator();
        using var instance = model.CreateInstance(OnnxModels.Placement);
        using var batch = new TestExecutionBatch(model.Signature, allocator, [TestTensor.Fp32("x", new TensorShape(2), 1, 2)]);
        instance.Execute(batch);
        Assert.False(batch.SharesMemoryWithInputs("x"));
        batch.ReleaseInputs();
        Assert.Equal([1f, 2f], batch.Output("x").As<float>());
        Assert.Equal([-1f, -2f], batch.Output("y").As<float>());
    }

    [Fact]
    public void Execute_InputReturnedFromAnOddAddress_OutlivesTheCopyThatTheEngineGot()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n")
            .Output("x", OnnxElementType.Float, "n")
            .Output("y", OnnxElementType.Float, "n")
            .Node("Neg", ["x"], ["y"]));
        var allocator = new NativeTensorAllocator();
        var values = Enumerable.Range(0, 1024).Select(static value => (float)value).ToArray();
        using var instance = model.CreateInstance(OnnxModels.Placement);
        using var batch = new TestExecutionBatch(model.Signature, allocator, [TestTensor.Fp32("x", new TensorShape(1024), values)], offset: 1);
        instance.Execute(batch);
        Assert.False(batch.SharesMemoryWithInputs("x"));
        batch.ReleaseInputs();

        // Whatever was freed too early is written over.
        var junk = Enumerable.Range(0, 64).Select(_ => allocator.Rent(4096)).ToList();
        junk.ForEach(static buffer => buffer.Span.Fill(0xEE));
        Assert.Equal(values, batch.Output("x").As<float>());
        junk.ForEach(static buffer => buffer.Dispose());
    }

    [Fact]
    public void Execute_ConstantOutput_IsTheSameEveryTime()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n")
            .Output("y", OnnxElementType.Float, 2)
            .Output("z", OnnxElementType.Float, "n")
            .Initializer("y", OnnxTensor.Floats([2], 3, 4))
            .Node("Neg", ["x"], ["z"]));
        var allocator = new NativeTensorAllocator();
        using var instance = model.CreateInstance(OnnxModels.Placement);
        for (var i = 0; i < 3; i++)
        {
            using var batch = new TestExecutionBatch(model.Signature, allocator, [TestTensor.Fp32("x", new TensorShape(1), 1)]);
            instance.Execute(batch);
            var output = batch.Output("y");
            Assert.Equal([3f, 4f], output.As<float>());
        }
    }

    [Fact]
    public void Execute_WrongFixedDimension_IsTheCallersFault()
    {
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("wine"));
        var error = OnnxModels.RunFails(model, TestTensor.Fp32("features", new TensorShape(1, 12), new float[12]));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains("features", error.Message, StringComparison.Ordinal);
        Assert.Contains("13", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_FailureInAKernel_NamesTheNodeAndNoSourceFile()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n")
            .Input("shape", OnnxElementType.Int64, "r")
            .Output("y", OnnxType.UnrankedTensor(OnnxElementType.Float))
            .Node("Reshape", ["x", "shape"], ["y"]));
        var error = OnnxModels.RunFails(
            model, TestTensor.Fp32("x", new TensorShape(6), 1, 2, 3, 4, 5, 6), TestTensor.Int64("shape", new TensorShape(2), 4, 4));
        Assert.Contains("'node0'", error.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be reshaped", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_OutputOfNineDimensions_IsRefused()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n")
            .Input("shape", OnnxElementType.Int64, "r")
            .Output("y", OnnxType.UnrankedTensor(OnnxElementType.Float))
            .Node("Reshape", ["x", "shape"], ["y"]));
        var error = OnnxModels.RunFails(
            model, TestTensor.Fp32("x", new TensorShape(1), 1), TestTensor.Int64("shape", new TensorShape(9), [1, 1, 1, 1, 1, 1, 1, 1, 1]));
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("output 'y' has 9 dimensions", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_MoreMemoryThanThereIs_IsResourceExhausted()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("shape", OnnxElementType.Int64, 1)
            .Output("y", OnnxElementType.Float, "n")
            .Node("ConstantOfShape", ["shape"], ["y"]));
        var error = OnnxModels.RunFails(model, TestTensor.Int64("shape", new TensorShape(1), 1L << 55));
        Assert.Equal(ErrorCode.ResourceExhausted, error.Code);
        Assert.Equal(new TensorShape(5), OnnxModels.Run(model, TestTensor.Int64("shape", new TensorShape(1), 5))["y"].Shape);
    }

    [Fact]
    public void Execute_BytesDoNotFitTheShape_NamesTheTensor()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.Identity(["n"], OnnxElementType.Float));
        var error = OnnxModels.RunFails(model, new TestTensor("INPUT0", TensorDataType.Fp32, new TensorShape(3), new byte[8]));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal("input 'INPUT0' of the type FP32 and shape [3]: expected 12 bytes, got 8", error.Message);
    }

    [Fact]
    public void Execute_InputMissing_NamesIt()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.AddSub());
        var error = OnnxModels.RunFails(model, TestTensor.Fp32("INPUT0", new TensorShape(1, 16), new float[16]));
        Assert.Contains("INPUT1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_NothingRequested_GivesNothing()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.AddSub());
        using var instance = model.CreateInstance(OnnxModels.Placement);
        var row = TestTensor.Fp32("INPUT0", new TensorShape(1, 16), new float[16]);
        using var batch = new TestExecutionBatch(model.Signature, new NativeTensorAllocator(), [row, row.Named("INPUT1")], requested: []);
        instance.Execute(batch);
        Assert.False(batch.HasOutput("OUTPUT0"));
    }

    [Fact]
    public void Execute_TwoThousandTimes_KeepsNoMemory()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("shape", OnnxElementType.Int64, 1)
            .Output("y", OnnxElementType.Float, "n")
            .Node("ConstantOfShape", ["shape"], ["y"]));
        var allocator = new NativeTensorAllocator();
        using var instance = model.CreateInstance(OnnxModels.Placement);

        // 8 GB in all, of which nothing may be kept.
        for (var i = 0; i < 2_000; i++)
        {
            using var batch = new TestExecutionBatch(model.Signature, allocator, [TestTensor.Int64("shape", new TensorShape(1), 1_000_000)]);
            instance.Execute(batch);
        }

        Assert.Equal(0, allocator.Living);
        Assert.InRange(Environment.WorkingSet, 0, 2L << 30);
    }
}
