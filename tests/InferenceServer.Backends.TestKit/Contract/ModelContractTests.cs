using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using Xunit;

namespace InferenceServer.Backends.TestKit.Contract;

/// <summary>What the server relies on, whatever the engine and whatever its models take. A backend's test project inherits this and says how to make the models.</summary>
public abstract class ModelContractTests
{
    private const int Cycles = 100;
    private const int Attempts = 12;

    /// <summary>What all cycles together may leave behind: far below one of the smallest models a cycle.</summary>
    private const long MaxGrowth = Cycles * 2048;

    protected static InstancePlacement Placement { get; } = new("contract_0", InstanceKind.Cpu, 0);

    protected NativeTensorAllocator Allocator { get; } = new();

    /// <summary>How far a row that runs with others may be from the same row alone: by default not at all.</summary>
    protected virtual double Tolerance => 0;

    /// <summary>False when the engine runs to its end whether anybody waits or not.</summary>
    protected virtual bool StopsWhenCancelled => true;

    /// <summary>A model that batches.</summary>
    protected abstract ValueTask<SampleModel> LoadSampleAsync();

    /// <summary>A model that fails on demand.</summary>
    protected abstract ValueTask<FailingModel> LoadFailingAsync();

    [Fact]
    public async Task Sample_Batch_EqualsItsSingles()
    {
        var sample = await LoadSampleAsync();
        using (var model = sample.Model)
        {
            using var instance = model.CreateInstance(Placement);
            using var together = Run(model, instance, sample.Inputs);
            for (var row = 0; row < together.Rows; row++)
            {
                using var single = Run(model, instance, Row(sample, row));
                foreach (var output in model.Signature.Outputs)
                {
                    AssertSame(together.Output(output.Name).Row(row), single.Output(output.Name));
                }
            }
        }

        Assert.Equal(0, Allocator.Living);
    }

    [Fact]
    public async Task Sample_OneOutputRequested_GivesOnlyThat()
    {
        var sample = await LoadSampleAsync();
        using var model = sample.Model;
        using var instance = model.CreateInstance(Placement);
        using var all = Run(model, instance, sample.Inputs);
        foreach (var wanted in model.Signature.Outputs.Select(static output => output.Name))
        {
            using var batch = new TestExecutionBatch(model.Signature, Allocator, sample.Inputs, [wanted]);
            instance.Execute(batch);
            Assert.All(model.Signature.Outputs, output => Assert.Equal(output.Name == wanted, batch.HasOutput(output.Name)));
            AssertSame(all.Output(wanted), batch.Output(wanted));
        }
    }

    [Fact]
    public async Task Sample_SliceAtAnOddAddress_GivesTheSame()
    {
        var sample = await LoadSampleAsync();
        using var model = sample.Model;
        using var instance = model.CreateInstance(Placement);
        using var expected = Run(model, instance, sample.Inputs);
        using var batch = new TestExecutionBatch(model.Signature, Allocator, sample.Inputs, offset: 3);
        instance.Execute(batch);
        batch.ReleaseInputs();
        Assert.All(model.Signature.Outputs, output => AssertSame(expected.Output(output.Name), batch.Output(output.Name)));
    }

    [Fact]
    public async Task Execute_AfterAThrow_StillWorks()
    {
        var failing = await LoadFailingAsync();
        using (var model = failing.Model)
        {
            using var instance = model.CreateInstance(Placement);
            byte[] before;
            using (var first = Run(model, instance, failing.Good))
            {
                before = Outputs(model, first);
            }

            var error = Assert.Throws<BackendException>(() => Run(model, instance, failing.Bad).Dispose());
            Assert.NotEqual("", error.Message);
            Assert.DoesNotContain("0x", error.Message, StringComparison.Ordinal);
            using var third = Run(model, instance, failing.Good);
            Assert.Equal(before, Outputs(model, third));
        }

        Assert.Equal(0, Allocator.Living);
    }

    [Fact]
    public async Task Execute_CancelledBefore_StopsAndStillWorks()
    {
        var sample = await LoadSampleAsync();
        using (var model = sample.Model)
        {
            using var instance = model.CreateInstance(Placement);
            using var expected = Run(model, instance, sample.Inputs);
            using (var batch = new TestExecutionBatch(model.Signature, Allocator, sample.Inputs, cancellation: new CancellationToken(canceled: true)))
            {
                var error = Record.Exception(() => instance.Execute(batch));
                Assert.Equal(StopsWhenCancelled ? ErrorCode.Cancelled : null, (error as BackendException)?.Code);
                Assert.Equal(StopsWhenCancelled, error is not null);
            }

            using var after = Run(model, instance, sample.Inputs);
            Assert.All(model.Signature.Outputs, output => AssertSame(expected.Output(output.Name), after.Output(output.Name)));
        }

        Assert.Equal(0, Allocator.Living);
    }

    [Fact]
    public async Task Sample_TwoInstancesOnTwoThreads_GiveTheRightAnswers()
    {
        const int rounds = 100;
        var sample = await LoadSampleAsync();
        using var model = sample.Model;
        TestTensor[][] singles;
        int count;
        using (var instance = model.CreateInstance(Placement))
        using (var all = Run(model, instance, sample.Inputs))
        {
            count = all.Rows;
            singles = [.. Enumerable.Range(0, count).Select(row => model.Signature.Outputs.Select(output => all.Output(output.Name).Row(row)).ToArray())];
        }

        using var together = new Barrier(2);
        var failures = new Exception?[2];
        var threads = Enumerable.Range(0, 2).Select(lane => new Thread(() => failures[lane] = Record.Exception(() => RunLane(lane)))).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        Assert.All(failures, Assert.Null);
        Assert.Equal(0, Allocator.Living);

        void RunLane(int lane)
        {
            using var instance = model.CreateInstance(new InstancePlacement($"contract_{lane}", InstanceKind.Cpu, 0));
            together.SignalAndWait(TimeSpan.FromSeconds(30));
            for (var round = 0; round < rounds; round++)
            {
                // The two are never at the same row.
                var row = (round + (lane * count / 2)) % count;
                using var batch = Run(model, instance, Row(sample, row));
                Assert.All(singles[row], expected => AssertSame(expected, batch.Output(expected.Name)));
            }
        }
    }

    [Fact]
    public async Task Sample_LoadedAndUnloadedAHundredTimes_GivesItsMemoryBack()
    {
        NativeHeapUse.Bytes();
        for (var i = 0; i < Cycles / 4; i++)
        {
            await LoadRunAndUnloadAsync();
        }

        // Other tests and the compiler take memory meanwhile, which they do not always; what a cycle loses is lost in every attempt.
        var growth = new List<long>();
        while (growth.Count < Attempts && (growth.Count == 0 || growth[^1] > MaxGrowth))
        {
            var before = NativeHeapUse.Bytes();
            for (var i = 0; i < Cycles; i++)
            {
                await LoadRunAndUnloadAsync();
            }

            growth.Add(NativeHeapUse.Bytes() - before);
        }

        Assert.True(growth[^1] <= MaxGrowth, $"{Cycles} cycles leave {string.Join(", ", growth)} bytes behind");
        Assert.Equal(0, Allocator.Living);
    }

    /// <summary>Makes a batch, runs it, and frees it when that throws.</summary>
    protected TestExecutionBatch Run(IBackendModel model, IModelInstance instance, IReadOnlyCollection<TestTensor> inputs)
    {
        var batch = new TestExecutionBatch(model.Signature, Allocator, inputs);
        try
        {
            instance.Execute(batch);
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private static byte[] Outputs(IBackendModel model, TestExecutionBatch batch) =>
        [.. model.Signature.Outputs.SelectMany(output => batch.Output(output.Name).Data.ToArray())];

    private static TestTensor[] Row(SampleModel sample, int row) => [.. sample.Inputs.Select(input => input.Row(row))];

    private async Task LoadRunAndUnloadAsync()
    {
        var sample = await LoadSampleAsync();
        using var model = sample.Model;
        using var instance = model.CreateInstance(Placement);
        Run(model, instance, sample.Inputs).Dispose();
    }

    private void AssertSame(TestTensor expected, TestTensor actual)
    {
        Assert.Equal(expected.DataType, actual.DataType);
        Assert.Equal(expected.Shape, actual.Shape);
        if (Tolerance == 0 || expected.DataType is not (TensorDataType.Fp32 or TensorDataType.Fp64))
        {
            Assert.Equal(expected.Data.ToArray(), actual.Data.ToArray());
            return;
        }

        foreach (var (one, other) in Numbers(expected).Zip(Numbers(actual)))
        {
            Assert.Equal(one, other, Tolerance);
        }
    }

    private static double[] Numbers(TestTensor tensor) => tensor.DataType == TensorDataType.Fp64 ? tensor.As<double>() : [.. tensor.As<float>().Select(static value => (double)value)];
}
