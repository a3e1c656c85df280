using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class CancellationTests
{
    private readonly NativeTensorAllocator _allocator = new();

    [Fact]
    public async Task Execute_CancelledInTheMiddle_StopsAndStaysUsable()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.CountingLoop());
        using var instance = model.CreateInstance(OnnxModels.Placement);
        using var cancel = new CancellationTokenSource();

        // The loop would go on for years, so only a stopped run lets this test end.
        using var endless = new TestExecutionBatch(model.Signature, _allocator, [Rounds(long.MaxValue)], cancellation: cancel.Token);
        var execution = Task.Run(() => instance.Execute(endless), TestContext.Current.CancellationToken);
        cancel.CancelAfter(TimeSpan.FromMilliseconds(200));
        var error = await Assert.ThrowsAsync<BackendException>(() => execution.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.Cancelled, error.Code);
        AssertCounts(model, instance, 5);
    }

    [Fact]
    public void Execute_CancelledBefore_DoesNotRun()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.CountingLoop());
        using var instance = model.CreateInstance(OnnxModels.Placement);
        using var batch = new TestExecutionBatch(
            model.Signature, _allocator, [Rounds(long.MaxValue)], cancellation: new CancellationToken(canceled: true));
        Assert.Equal(ErrorCode.Cancelled, Assert.Throws<BackendException>(() => instance.Execute(batch)).Code);
    }

    [Fact]
    public async Task Execute_CancelledAtAnyMoment_NeverHurtsTheNextRun()
    {
        using var model = OnnxModels.Load(SampleOnnxModels.CountingLoop());
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            // An instance of its own each time, disposed right after, would show a callback that comes too late.
            using var instance = model.CreateInstance(OnnxModels.Placement);
            using var cancel = new CancellationTokenSource();
            using var batch = new TestExecutionBatch(model.Signature, _allocator, [Rounds(20)], cancellation: cancel.Token);
            var spins = random.Next(20_000);
            var canceller = Task.Run(
                () =>
                {
                    Thread.SpinWait(spins);
                    cancel.Cancel();
                },
                TestContext.Current.CancellationToken);
            if (Record.Exception(() => instance.Execute(batch)) is { } exception)
            {
                Assert.Equal(ErrorCode.Cancelled, Assert.IsType<BackendException>(exception).Code);
            }
            else
            {
                Assert.Equal([20L], batch.Output("count").As<long>());
            }

            AssertCounts(model, instance, 3);
            await canceller;
        }
    }

    private static TestTensor Rounds(long count) => TestTensor.Int64("rounds", new TensorShape(1), count);

    private void AssertCounts(Abstractions.Backends.IBackendModel model, Abstractions.Backends.IModelInstance instance, long count)
    {
        using var batch = new TestExecutionBatch(model.Signature, _allocator, [Rounds(count)]);
        instance.Execute(batch);
        Assert.Equal([count], batch.Output("count").As<long>());
    }
}
