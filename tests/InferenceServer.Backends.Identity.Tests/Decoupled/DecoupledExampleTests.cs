using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Identity.Repeat;
using InferenceServer.Backends.Identity.Square;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Backends.TestKit.Memory;
using Xunit;

namespace InferenceServer.Backends.Identity.Tests.Decoupled;

public sealed class DecoupledExampleTests
{
    private static readonly InstancePlacement s_placement = new("example_0", InstanceKind.Cpu, 0);

    private readonly NativeTensorAllocator _allocator = new();

    [Theory]
    [InlineData(TensorDataType.Int32)]
    [InlineData(TensorDataType.Fp32)]
    [InlineData(TensorDataType.Int8)]
    [InlineData(TensorDataType.Fp64)]
    public async Task Repeat_AnyFixedType_SendsEachElementWithItsIndex(TensorDataType type)
    {
        using var model = await LoadAsync(new RepeatBackend(TimeProvider.System), [new("IN", type, Free), new("DELAY", TensorDataType.UInt32, Free), new("WAIT", TensorDataType.UInt32, One)], [new("OUT", type, One), new("IDX", TensorDataType.UInt32, One)]);
        var data = Enumerable.Range(1, 3 * type.ElementSize()).Select(static i => (byte)i).ToArray();
        using var batch = Batch(model, new TestTensor("IN", type, new TensorShape(3), data), UInts("DELAY", 0, 0, 0), UInts("WAIT", 0));
        Run(model, batch);
        Assert.Equal(3, batch.Responses.Count);
        for (var i = 0; i < 3; i++)
        {
            Assert.False(batch.Responses[i].IsFinal);
            Assert.Equal(data[(i * type.ElementSize())..((i + 1) * type.ElementSize())], batch.Responses[i].Outputs[0].Data.ToArray());
            Assert.Equal(i, BitConverter.ToInt32(batch.Responses[i].Outputs[1].Data.Span));
        }

        Assert.Null(batch.Error);
    }

    [Fact]
    public async Task Repeat_Delays_AreTakenByTheClockOneAfterAnother()
    {
        var time = new AnnouncingTimeProvider();
        using var model = await LoadRepeatAsync(time);
        using var sent = new SemaphoreSlim(0);
        using var batch = Batch(model, _ => sent.Release(), Ints("IN", 5), UInts("DELAY", 1000), UInts("WAIT", 0));
        var running = Task.Run(() => Run(model, batch), TestContext.Current.CancellationToken);
        await time.TimerCreated.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Empty(batch.Responses);
        time.Clock.Advance(TimeSpan.FromSeconds(1));
        await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Single(batch.Responses);
    }

    [Theory]
    [InlineData(new uint[] { 0 }, new uint[] { 0 }, "'DELAY'")]
    [InlineData(new uint[] { 0, 0 }, new uint[] { 0, 0 }, "'WAIT'")]
    [InlineData(new uint[] { 0, 60001 }, new uint[] { 0 }, "60001")]
    [InlineData(new uint[] { 0, 0 }, new uint[] { uint.MaxValue }, "4294967295")]
    public async Task Repeat_InputsThatContradict_AreAnErrorThatNamesThem(uint[] delays, uint[] waits, string word)
    {
        using var model = await LoadRepeatAsync(TimeProvider.System);
        using var batch = Batch(model, Ints("IN", 1, 2), UInts("DELAY", delays), UInts("WAIT", waits));
        Run(model, batch);
        Assert.Empty(batch.Responses);
        Assert.Equal(ErrorCode.InvalidArgument, batch.Error!.Value.Code);
        Assert.Contains(word, batch.Error.Value.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0, true)]
    [InlineData("2", 2, true)]
    [InlineData("3", 3, false)]
    public async Task Repeat_FailAfter_FailsAfterSoManyResponses(string failAfter, int responses, bool fails)
    {
        using var model = await LoadRepeatAsync(TimeProvider.System, failAfter);
        using var batch = Batch(model, Ints("IN", 1, 2, 3), UInts("DELAY", 0, 0, 0), UInts("WAIT", 0));
        var error = Record.Exception(() => Run(model, batch));
        Assert.Equal(responses, batch.Responses.Count);
        Assert.Equal(fails ? $"the model is configured to fail after {responses} responses" : null, (error as BackendException)?.Message);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("often")]
    public async Task Repeat_FailAfterThatIsNoNumber_IsNotLoaded(string failAfter)
    {
        var error = await Assert.ThrowsAsync<BackendException>(async () => await LoadRepeatAsync(TimeProvider.System, failAfter));
        Assert.Contains($"'fail_after': expected a number of responses of at least 0, got '{failAfter}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Square_Number_IsSentAsOften(int number)
    {
        using var model = await LoadSquareAsync();
        using var batch = Batch(model, Ints("IN", number));
        Run(model, batch);
        Assert.Equal(number, batch.Responses.Count);
        Assert.All(batch.Responses, response => Assert.Equal(number, BitConverter.ToInt32(response.Outputs[0].Data.Span)));
    }

    [Fact]
    public async Task Square_NegativeNumber_IsAnError()
    {
        using var model = await LoadSquareAsync();
        using var batch = Batch(model, Ints("IN", -2));
        Run(model, batch);
        Assert.Contains("-2", batch.Error!.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_WrongDeclarations_NamesEachOfThem()
    {
        var error = await Assert.ThrowsAsync<BackendException>(async () => await LoadAsync(
            new RepeatBackend(TimeProvider.System),
            [new("IN", TensorDataType.Bytes, Free), new("DELAY", TensorDataType.Int32, new TensorShape(-1, -1)), new("EXTRA", TensorDataType.Fp32, One)],
            [new("OUT", TensorDataType.Bytes, One)],
            isDecoupled: false));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        string[] parts = ["decoupled: true", "input 'IN': expected a type of fixed size, got BYTES", "input 'DELAY': expected UINT32, got INT32", "input 'DELAY': expected 1 dimension", "input 'WAIT' is not declared", "output 'IDX' is not declared", "input 'EXTRA' is unknown"];
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    private static TensorShape Free => new(-1);

    private static TensorShape One => new(1);

    private static TestTensor Ints(string name, params int[] values) =>
        new(name, TensorDataType.Int32, new TensorShape(values.Length), [.. values.SelectMany(BitConverter.GetBytes)]);

    private static TestTensor UInts(string name, params uint[] values) =>
        new(name, TensorDataType.UInt32, new TensorShape(values.Length), [.. values.SelectMany(BitConverter.GetBytes)]);

    private static ValueTask<IBackendModel> LoadSquareAsync() => LoadAsync(new SquareBackend(), [new("IN", TensorDataType.Int32, One)], [new("OUT", TensorDataType.Int32, One)]);

    private static ValueTask<IBackendModel> LoadRepeatAsync(TimeProvider time, string? failAfter = null) => LoadAsync(
        new RepeatBackend(time),
        [new("IN", TensorDataType.Int32, Free), new("DELAY", TensorDataType.UInt32, Free), new("WAIT", TensorDataType.UInt32, One)],
        [new("OUT", TensorDataType.Int32, One), new("IDX", TensorDataType.UInt32, One)],
        parameters: failAfter is null ? [] : new() { ["fail_after"] = failAfter });

    private static ValueTask<IBackendModel> LoadAsync(IBackend backend, TensorSpec[] inputs, TensorSpec[] outputs, bool isDecoupled = true, Dictionary<string, string>? parameters = null) => backend.LoadAsync(
        new ModelLoadContext { ModelName = "example", Version = 1, DeclaredInputs = [.. inputs], DeclaredOutputs = [.. outputs], IsDecoupled = isDecoupled, Parameters = (parameters ?? []).ToImmutableDictionary(), Log = new RecordingBackendLog() },
        TestContext.Current.CancellationToken);

    private static void Run(IBackendModel model, TestExecutionBatch batch)
    {
        using var instance = model.CreateInstance(s_placement);
        instance.Execute(batch);
    }

    private TestExecutionBatch Batch(IBackendModel model, params TestTensor[] inputs) => Batch(model, null, inputs);

    private TestExecutionBatch Batch(IBackendModel model, Action<int>? onResponse, params TestTensor[] inputs) =>
        new(model.Signature, _allocator, inputs, cancellation: TestContext.Current.CancellationToken) { AllowsResponses = true, OnResponse = onResponse };
}
