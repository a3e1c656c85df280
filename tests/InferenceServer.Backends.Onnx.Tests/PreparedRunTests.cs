using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Executions;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class PreparedRunTests : IDisposable
{
    private readonly NativeTensorAllocator _allocator = new();

    public void Dispose() => Assert.Equal(0, _allocator.Living);

    [Fact]
    public void Execute_SameSmallShapesAgain_ArePreparedAndAnswerTheInputsOfEachExecution()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.AddSub());
        using var instance = Create(model);
        for (var i = 0; i < 6; i++)
        {
            AssertAddSub(model, instance, rows: 1, i);
            AssertAddSub(model, instance, rows: 3, i + 100);
            Assert.Equal(i == 0 ? 0 : 2, instance.PreparedCount);
        }
    }

    [Fact]
    public void Execute_SomeOutputsOnly_LeavesOutTheOthers()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.AddSub());
        using var instance = Create(model);
        for (var i = 0; i < 3; i++)
        {
            AssertAddSub(model, instance, rows: 1, i);
        }

        using var batch = new TestExecutionBatch(model.Signature, _allocator, AddSubInputs(1, 5), requested: ["OUTPUT1"]);
        instance.Execute(batch);
        Assert.False(batch.HasOutput("OUTPUT0"));
        Assert.Equal(-1f, batch.Output("OUTPUT1").As<float>()[0]);
    }

    [Fact]
    public void Execute_ShapeOfTheOutputFollowsTheElements_IsRunAsItIs()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n")
            .Input("shape", OnnxElementType.Int64, "r")
            .Output("y", OnnxType.UnrankedTensor(OnnxElementType.Float))
            .Node("Reshape", ["x", "shape"], ["y"]));
        using var instance = Create(model);
        AssertReshapes(2, 3);
        AssertReshapes(2, 3);
        AssertReshapes(2, 3);
        Assert.Equal(1, instance.PreparedCount);

        // As many bytes, and another shape.
        AssertReshapes(3, 2);
        AssertReshapes(1, 6);
        AssertReshapes(2, 3);
        Assert.Equal(0, instance.PreparedCount);

        void AssertReshapes(long first, long second)
        {
            using var batch = new TestExecutionBatch(
                model.Signature, _allocator, [TestTensor.Fp32("x", new TensorShape(6), 1, 2, 3, 4, 5, 6), TestTensor.Int64("shape", new TensorShape(2), first, second)]);
            instance.Execute(batch);
            Assert.Equal(new TensorShape(first, second), batch.Output("y").Shape);
            Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], batch.Output("y").As<float>());
        }
    }

    [Fact]
    public void Execute_OutputIsAnInputOrAConstant_IsAnsweredEveryTime()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "n")
            .Output("x", OnnxElementType.Float, "n")
            .Output("y", OnnxElementType.Float, 2)
            .Output("z", OnnxElementType.Float, "n")
            .Initializer("y", OnnxTensor.Floats([2], 3, 4))
            .Node("Neg", ["x"], ["z"]));
        using var instance = Create(model);
        for (var i = 0; i < 5; i++)
        {
            using var batch = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("x", new TensorShape(2), i, i + 1)]);
            instance.Execute(batch);
            Assert.Equal([(float)i, i + 1], batch.Output("x").As<float>());
            Assert.Equal([3f, 4f], batch.Output("y").As<float>());
            Assert.Equal([(float)-i, -i - 1], batch.Output("z").As<float>());
        }

        Assert.Equal(0, instance.PreparedCount);
    }

    [Fact]
    public void Execute_OtherShapesForLong_TakeThePlace()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.Identity(["n", "m"], OnnxElementType.Float));
        using var instance = Create(model);
        foreach (var length in Enumerable.Repeat(3, 4).Concat(Enumerable.Repeat(5, 60)).Concat(Enumerable.Range(1, 60)))
        {
            var values = Enumerable.Range(0, length).Select(static value => (float)value).ToArray();
            using var batch = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("INPUT0", new TensorShape(1, length), values)]);
            instance.Execute(batch);
            Assert.Equal(values, batch.Output("OUTPUT0").As<float>());
        }
    }

    [Fact]
    public void Execute_LargeOrEmptyTensors_AreNotPrepared()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.Identity(["n", "m"], OnnxElementType.Float));
        using var instance = Create(model);
        foreach (var length in (int[])[0, 0, 0, 5_000, 5_000, 5_000])
        {
            var values = Enumerable.Range(0, length).Select(static value => (float)value).ToArray();
            using var batch = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("INPUT0", new TensorShape(1, length), values)]);
            instance.Execute(batch);
            Assert.Equal(values, batch.Output("OUTPUT0").As<float>());
            Assert.Equal(0, instance.PreparedCount);
        }
    }

    [Fact]
    public async Task Execute_CancelledWhilePrepared_StopsAndStaysUsable()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.CountingLoop());
        using var instance = Create(model);
        AssertCounts(3);
        AssertCounts(4);
        AssertCounts(5);
        Assert.Equal(1, instance.PreparedCount);

        // The loop would go on for years, so only a stopped run lets this test end.
        using var cancel = new CancellationTokenSource();
        using var endless = new TestExecutionBatch(model.Signature, _allocator, [Rounds(long.MaxValue)], cancellation: cancel.Token);
        var execution = Task.Run(() => instance.Execute(endless), TestContext.Current.CancellationToken);
        cancel.CancelAfter(TimeSpan.FromMilliseconds(100));
        var error = await Assert.ThrowsAsync<BackendException>(() => execution.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.Cancelled, error.Code);
        AssertCounts(6);
        Assert.Equal(1, instance.PreparedCount);

        static TestTensor Rounds(long count) => TestTensor.Int64("rounds", new TensorShape(1), count);

        void AssertCounts(long count)
        {
            using var batch = new TestExecutionBatch(model.Signature, _allocator, [Rounds(count)]);
            instance.Execute(batch);
            Assert.Equal([count], batch.Output("count").As<long>());
        }
    }

    private static OnnxInstance Create(IBackendModel model) => (OnnxInstance)model.CreateInstance(OnnxModels.Placement);

    private static TestTensor[] AddSubInputs(int rows, float first)
    {
        var shape = new TensorShape(rows, 16);
        return
        [
            TestTensor.Fp32("INPUT0", shape, [.. Enumerable.Range(0, rows * 16).Select(place => first + place)]),
            TestTensor.Fp32("INPUT1", shape, [.. Enumerable.Range(0, rows * 16).Select(place => first + place + 1)]),
        ];
    }

    private void AssertAddSub(IBackendModel model, OnnxInstance instance, int rows, float first)
    {
        using var batch = new TestExecutionBatch(model.Signature, _allocator, AddSubInputs(rows, first));
        instance.Execute(batch);
        Assert.Equal(new TensorShape(rows, 16), batch.Output("OUTPUT0").Shape);
        Assert.Equal([.. Enumerable.Range(0, rows * 16).Select(place => (2 * (first + place)) + 1)], batch.Output("OUTPUT0").As<float>());
        Assert.All(batch.Output("OUTPUT1").As<float>(), static value => Assert.Equal(-1f, value));
    }
}
