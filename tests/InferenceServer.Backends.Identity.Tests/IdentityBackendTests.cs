using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Backends.TestKit.Memory;
using Xunit;

namespace InferenceServer.Backends.Identity.Tests;

public sealed class IdentityBackendTests
{
    private static readonly TensorShape s_shape = new(-1);
    private static readonly TensorDataType[] s_fp32 = [TensorDataType.Fp32];
    private static readonly InstancePlacement s_placement = new("identity_0", InstanceKind.Cpu, 0);

    private readonly NativeTensorAllocator _allocator = new();

    [Fact]
    public void Descriptor_Always_NeedsNoFileAndDescribesNothing()
    {
        var descriptor = new IdentityBackend(TimeProvider.System).Descriptor;
        Assert.Equal("identity", descriptor.Name);
        Assert.Null(descriptor.DefaultModelFilename);
        Assert.False(descriptor.DescribesModels);
    }

    [Fact]
    public async Task Load_TensorsDoNotPairUp_NamesEachOfThem()
    {
        TensorSpec[] inputs = [new("A", TensorDataType.Fp32, s_shape), new("B", TensorDataType.Int32, s_shape), new("C", TensorDataType.Int32, s_shape)];
        TensorSpec[] outputs = [new("X", TensorDataType.Fp32, s_shape), new("Y", TensorDataType.Int64, s_shape)];
        var error = await Assert.ThrowsAsync<BackendException>(async () => await IdentityModels.LoadAsync(inputs, outputs, Parameters()));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal("output 'Y' answers input 'B': expected INT32, got INT64; input 'C' has no output at the same place to answer it", error.Message);
    }

    [Fact]
    public async Task Load_NothingDeclared_SaysSo()
    {
        var error = await Assert.ThrowsAsync<BackendException>(async () => await IdentityModels.LoadAsync([], [], Parameters()));
        Assert.Contains("neither inputs nor outputs", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("execute_delay_ms", "-1")]
    [InlineData("execute_delay_ms", "soon")]
    [InlineData("execute_delay_ms", "")]
    [InlineData("execute_delay_ms", "NaN")]
    [InlineData("execute_delay_ms", "1e3")]
    [InlineData("execute_delay_ms", "99999999999")]
    [InlineData("fail_every", "0")]
    [InlineData("fail_every", "-2")]
    [InlineData("fail_every", "1.5")]
    [InlineData("fail_every", "often")]
    [InlineData("fail", " ")]
    public async Task Load_NonsenseValue_NamesParameterExpectedAndGot(string key, string value)
    {
        var error = await Assert.ThrowsAsync<BackendException>(async () => await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters((key, value))));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.StartsWith($"parameter '{key}': expected ", error.Message, StringComparison.Ordinal);
        Assert.Contains("got", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_SeveralNonsenseValues_ListsAll()
    {
        var error = await Assert.ThrowsAsync<BackendException>(
            async () => await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters(("execute_delay_ms", "x"), ("fail_every", "y"))));
        Assert.Contains("execute_delay_ms", error.Message, StringComparison.Ordinal);
        Assert.Contains("fail_every", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_UnknownParameter_WarnsWithItsName()
    {
        var log = new RecordingBackendLog();
        using var model = await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters(("execute_delay", "5"), ("execute_delay_ms", "0")), log: log);
        Assert.Contains("'execute_delay'", Assert.Single(log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_FailWithMessage_EveryExecutionSaysIt()
    {
        using var model = await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters(("fail", "out of cheese")));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("out of cheese", Assert.Throws<BackendException>(() => ExecuteOnce(model, TestContext.Current.CancellationToken)).Message);
        }
    }

    [Fact]
    public async Task Execute_FailEveryThird_CountsOverAllInstances()
    {
        using var model = await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters(("fail_every", "3"), ("fail", "third")));
        var failed = Enumerable.Range(0, 7).Select(_ => Record.Exception(() => ExecuteOnce(model, TestContext.Current.CancellationToken)) is not null).ToArray();
        Assert.Equal([false, false, true, false, false, true, false], failed);
        Assert.Equal(0, _allocator.Living);
    }

    [Fact]
    public async Task Execute_WithDelay_EndsWhenTheClockSaysSo()
    {
        var time = new AnnouncingTimeProvider();
        using var model = await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters(("execute_delay_ms", "1500")), time);
        var execution = Task.Run(() => ExecuteOnce(model, CancellationToken.None), TestContext.Current.CancellationToken);
        await time.TimerCreated.WaitAsync(TestContext.Current.CancellationToken);
        time.Clock.Advance(TimeSpan.FromMilliseconds(1499));
        Assert.False(execution.IsCompleted);
        time.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await execution.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Execute_CancelledDuringItsDelay_EndsAtOnceAndStaysUsable()
    {
        var time = new AnnouncingTimeProvider();
        using var model = await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters(("execute_delay_ms", "1500")), time);
        using var cancel = new CancellationTokenSource();
        var execution = Task.Run(() => ExecuteOnce(model, cancel.Token), TestContext.Current.CancellationToken);
        await time.TimerCreated.WaitAsync(TestContext.Current.CancellationToken);
        await cancel.CancelAsync();
        var error = await Assert.ThrowsAsync<BackendException>(() => execution.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.Cancelled, error.Code);
        Assert.Equal(0, _allocator.Living);
    }

    [Fact]
    public async Task Execute_WholeBuffer_IsNotCopied()
    {
        using var model = await IdentityModels.LoadAsync(s_shape, s_fp32, Parameters());
        using var instance = model.CreateInstance(s_placement);
        foreach (var (offset, shared) in new[] { (0, true), (4, false) })
        {
            using var batch = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("INPUT0", new TensorShape(2), 1, 2)], offset: offset);
            instance.Execute(batch);
            Assert.Equal(shared, batch.SharesMemoryWithInputs("OUTPUT0"));
            Assert.Equal([1f, 2f], batch.Output("OUTPUT0").As<float>());
        }
    }

    [Fact]
    public async Task Execute_OptionalInputLeftOut_AnswersTheOthersAndNamesTheMissingOne()
    {
        TensorSpec[] inputs = [new("A", TensorDataType.Fp32, s_shape) { IsOptional = true }, new("B", TensorDataType.Fp32, s_shape)];
        TensorSpec[] outputs = [new("X", TensorDataType.Fp32, s_shape), new("Y", TensorDataType.Fp32, s_shape)];
        using var model = await IdentityModels.LoadAsync(inputs, outputs, Parameters());
        using var instance = model.CreateInstance(s_placement);
        TestTensor[] given = [TestTensor.Fp32("B", new TensorShape(1), 7)];
        using var some = new TestExecutionBatch(model.Signature, _allocator, given, ["Y"]);
        instance.Execute(some);
        Assert.Equal([7f], some.Output("Y").As<float>());
        using var all = new TestExecutionBatch(model.Signature, _allocator, given);
        var error = Assert.Throws<BackendException>(() => instance.Execute(all));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal("output 'X' answers input 'A', which the request leaves out", error.Message);
    }

    private static Dictionary<string, string> Parameters(params (string Key, string Value)[] parameters) =>
        parameters.ToDictionary(static pair => pair.Key, static pair => pair.Value);

    private void ExecuteOnce(IBackendModel model, CancellationToken cancellation)
    {
        using var instance = model.CreateInstance(s_placement);
        using var batch = new TestExecutionBatch(
            model.Signature, _allocator, [TestTensor.Fp32("INPUT0", new TensorShape(1), 5)], cancellation: cancellation);
        instance.Execute(batch);
        Assert.Equal([5f], batch.Output("OUTPUT0").As<float>());
    }
}
