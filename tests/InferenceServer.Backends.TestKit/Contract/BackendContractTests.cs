using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using Xunit;

namespace InferenceServer.Backends.TestKit.Contract;

/// <summary>
/// What the server relies on with engines whose models may have inputs and outputs of any type, beside what it relies on with all. A backend's test project inherits this
/// and says how to make the models. Inputs are named INPUT0, INPUT1, …; outputs OUTPUT0, OUTPUT1, ….
/// </summary>
public abstract class BackendContractTests : ModelContractTests
{
    public static TheoryData<TensorDataType> DataTypes => [.. TensorDataTypes.All.ToArray()];

    /// <summary>The types that the engine has; the others' tests are skipped.</summary>
    protected virtual bool Supports(TensorDataType type) => true;

    /// <summary>False for a type whose empty tensors have no shape of their own in the engine.</summary>
    protected virtual bool KeepsEmptyShapes(TensorDataType type) => true;

    /// <summary>A model that answers each input unchanged; <paramref name="shape"/> is the declared shape of every tensor.</summary>
    protected abstract ValueTask<IBackendModel> LoadIdentityAsync(TensorShape shape, params TensorDataType[] types);

    protected override async ValueTask<SampleModel> LoadSampleAsync()
    {
        var shape = new TensorShape(-1, 2);
        return new SampleModel(
            await LoadIdentityAsync(shape, TensorDataType.Fp32, TensorDataType.Int64),
            [ContractValues.Of(TensorDataType.Fp32, "INPUT0", new TensorShape(4, 2)), ContractValues.Of(TensorDataType.Int64, "INPUT1", new TensorShape(4, 2))]);
    }

    [Theory]
    [MemberData(nameof(DataTypes))]
    public async Task Execute_EveryDataType_ComesBackBitForBit(TensorDataType type)
    {
        Assert.SkipUnless(Supports(type), "the engine does not have the type");
        var input = ContractValues.Of(type, "INPUT0", new TensorShape(2, 4));
        await RoundTripAsync(new TensorShape(-1, 4), input, 0);
    }

    [Theory]
    [MemberData(nameof(DataTypes))]
    public async Task Execute_SliceAtAnOddAddress_ComesBackBitForBit(TensorDataType type)
    {
        Assert.SkipUnless(Supports(type), "the engine does not have the type");
        var input = ContractValues.Of(type, "INPUT0", new TensorShape(2, 4));
        await RoundTripAsync(new TensorShape(-1, 4), input, 3);
    }

    [Theory]
    [MemberData(nameof(DataTypes))]
    public async Task Execute_EmptyTensor_GivesAnEmptyTensorOfTheSameShape(TensorDataType type)
    {
        Assert.SkipUnless(Supports(type), "the engine does not have the type");
        await RoundTripAsync(new TensorShape(-1, 4), new TestTensor("INPUT0", type, new TensorShape(0, 4), []), 0);
        if (KeepsEmptyShapes(type))
        {
            await RoundTripAsync(new TensorShape(-1, -1), new TestTensor("INPUT0", type, new TensorShape(3, 0), []), 0);
        }
    }

    [Theory]
    [MemberData(nameof(DataTypes))]
    public async Task Execute_Scalar_HasRankZero(TensorDataType type)
    {
        Assert.SkipUnless(Supports(type), "the engine does not have the type");
        var values = ContractValues.Of(type, "INPUT0", new TensorShape(ContractValues.Count));
        for (var i = 0; i < ContractValues.Count; i++)
        {
            var size = type.ElementSize();
            var scalar = type == TensorDataType.Bytes
                ? TestTensor.Bytes("INPUT0", TensorShape.Scalar, values.Elements()[i])
                : new TestTensor("INPUT0", type, TensorShape.Scalar, values.Data.Slice(i * size, size).ToArray());
            await RoundTripAsync(TensorShape.Scalar, scalar, 0);
        }
    }

    [Theory]
    [MemberData(nameof(DataTypes))]
    public async Task Execute_Batch_EqualsItsSingles(TensorDataType type)
    {
        Assert.SkipUnless(Supports(type), "the engine does not have the type");
        using var model = await LoadIdentityAsync(new TensorShape(-1, 2), type);
        using var instance = model.CreateInstance(Placement);
        var all = ContractValues.Of(type, "INPUT0", new TensorShape(4, 2));
        using var together = Run(model, instance, [all]);
        var joined = new List<byte>();
        for (var row = 0; row < 4; row++)
        {
            using var single = Run(model, instance, [all.Row(row)]);
            joined.AddRange(single.Output("OUTPUT0").Data.ToArray());
        }

        Assert.Equal(together.Output("OUTPUT0").Data.ToArray(), joined);
    }

    [Fact]
    public async Task Execute_OneOutputRequested_GivesOnlyThat()
    {
        using var model = await LoadIdentityAsync(new TensorShape(-1, 4), TensorDataType.Fp32, TensorDataType.Int32);
        using var instance = model.CreateInstance(Placement);
        TestTensor[] inputs =
        [
            ContractValues.Of(TensorDataType.Fp32, "INPUT0", new TensorShape(2, 4)),
            ContractValues.Of(TensorDataType.Int32, "INPUT1", new TensorShape(2, 4)),
        ];
        foreach (var (wanted, other, input) in new[] { ("OUTPUT0", "OUTPUT1", inputs[0]), ("OUTPUT1", "OUTPUT0", inputs[1]) })
        {
            using var batch = new TestExecutionBatch(model.Signature, Allocator, inputs, [wanted]);
            instance.Execute(batch);
            Assert.False(batch.HasOutput(other));
            Assert.Equal(input.Data.ToArray(), batch.Output(wanted).Data.ToArray());
        }
    }

    [Fact]
    public async Task Execute_InputsReleasedFirst_OutputStaysReadable()
    {
        using var model = await LoadIdentityAsync(new TensorShape(-1, 4), TensorDataType.Int64);
        using var instance = model.CreateInstance(Placement);
        var input = ContractValues.Of(TensorDataType.Int64, "INPUT0", new TensorShape(2, 4));
        foreach (var offset in new[] { 0, 8 })
        {
            using var batch = new TestExecutionBatch(model.Signature, Allocator, [input], offset: offset);
            instance.Execute(batch);
            batch.ReleaseInputs();
            Assert.Equal(input.Data.ToArray(), batch.Output("OUTPUT0").Data.ToArray());
        }
    }

    [Fact]
    public async Task Execute_TwoInstancesOnTwoThreads_EachGetsItsOwnRows()
    {
        const int rounds = 200;
        using var model = await LoadIdentityAsync(new TensorShape(-1, 4), TensorDataType.Int64, TensorDataType.Bytes);
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
                var rows = 1 + (round % 3);
                var numbers = Enumerable.Range(0, rows * 4).Select(i => (lane * 1_000_000L) + (round * 100) + i).ToArray();
                var texts = numbers.Select(static number => $"<{number}>").ToArray();
                using var batch = Run(
                    model,
                    instance,
                    [TestTensor.Int64("INPUT0", new TensorShape(rows, 4), numbers), TestTensor.Text("INPUT1", new TensorShape(rows, 4), texts)]);
                Assert.Equal(numbers, batch.Output("OUTPUT0").As<long>());
                Assert.Equal(texts, batch.Output("OUTPUT1").Texts());
            }
        }
    }

    private async Task RoundTripAsync(TensorShape declared, TestTensor input, int offset)
    {
        using (var model = await LoadIdentityAsync(declared, input.DataType))
        {
            using var instance = model.CreateInstance(Placement);
            using var batch = new TestExecutionBatch(model.Signature, Allocator, [input], offset: offset);
            instance.Execute(batch);
            var output = batch.Output("OUTPUT0");
            Assert.Equal(input.Shape, output.Shape);
            Assert.Equal(input.DataType, output.DataType);
            Assert.Equal(input.Data.ToArray(), output.Data.ToArray());
        }

        Assert.Equal(0, Allocator.Living);
    }
}
