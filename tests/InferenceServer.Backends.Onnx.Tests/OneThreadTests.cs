using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Microsoft.Extensions.Time.Testing;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>The session without threads that a model has beside the one with while it is under load.</summary>
public sealed class OneThreadTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly NativeTensorAllocator _allocator = new();
    private readonly FakeTimeProvider _time = new();
    private readonly OnnxBackend _backend;

    public OneThreadTests() => _backend = new OnnxBackend(new RecordingProviders(), _time);

    public void Dispose()
    {
        Assert.Equal(0, _allocator.Living);
        _directory.Dispose();
    }

    [Fact]
    public void Execute_AsksForOneThread_GivesTheSameAnswers()
    {
        using var model = Load();
        using var one = model.CreateInstance(OnnxModels.Placement);
        using var other = model.CreateInstance(OnnxModels.Placement with { Name = "more" });
        AssertAnswers(model, one, asks: false);
        Assert.False(model.OneThread!.IsOpen);

        Assert.True(model.HasOneThreadRuns);
        Assert.True(model.TryReadyOneThread());
        Assert.True(model.TryReadyOneThread());

        Assert.True(model.OneThread.IsOpen);
        foreach (var asks in (bool[])[true, false, true, true, false])
        {
            AssertAnswers(model, one, asks);
            AssertAnswers(model, other, asks);
        }
    }

    /// <summary>Whoever has not been asked to get ready gets ready by itself, and runs as ever meanwhile.</summary>
    [Fact]
    public async Task Execute_AsksBeforeItIsReady_MakesItInTheBackground()
    {
        using var model = Load();
        using var instance = model.CreateInstance(OnnxModels.Placement);

        AssertAnswers(model, instance, asks: true);

        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while (!model.OneThread!.IsOpen)
        {
            await Task.Delay(10, patience.Token);
        }

        AssertAnswers(model, instance, asks: true);
    }

    [Fact]
    public void Memory_IsTakenWhileThereIsOne()
    {
        var model = Load();
        Assert.Equal(0, _backend.OneThreads.Taken);

        Assert.True(model.TryReadyOneThread());

        Assert.Equal(new FileInfo(Path.Combine(_directory.FullPath, "model.onnx")).Length, _backend.OneThreads.Taken);
        model.Dispose();
        Assert.Equal(0, _backend.OneThreads.Taken);
    }

    [Fact]
    public void Memory_ThereIsNotEnough_IsNotReady()
    {
        using var model = Load(("one-thread-copies-max-bytes", "10"));
        using var instance = model.CreateInstance(OnnxModels.Placement);

        Assert.True(model.HasOneThreadRuns);
        Assert.False(model.TryReadyOneThread());

        AssertAnswers(model, instance, asks: true);
        Assert.Equal(0, _backend.OneThreads.Taken);
    }

    [Fact]
    public void Memory_ForOneModelOnly_GoesToTheFirst()
    {
        var bytes = Model().Length;
        using var first = Load(("one-thread-copies-max-bytes", $"{bytes + (bytes / 2)}"));
        using var second = Load(("one-thread-copies-max-bytes", $"{bytes + (bytes / 2)}"));

        Assert.True(first.TryReadyOneThread());
        Assert.False(second.TryReadyOneThread());

        first.Dispose();
        Assert.True(second.TryReadyOneThread());
    }

    [Fact]
    public void Unused_IsFreedAfterAWhileAndMadeAgainWhenItIsWanted()
    {
        using var model = Load();
        using var instance = model.CreateInstance(OnnxModels.Placement);
        Assert.True(model.TryReadyOneThread());
        AssertAnswers(model, instance, asks: true);

        _time.Advance(OneThreadSession.Patience);
        Assert.True(model.OneThread!.IsOpen);
        _time.Advance(OneThreadSession.Patience);

        Assert.False(model.OneThread.IsOpen);
        Assert.Equal(0, _backend.OneThreads.Taken);
        AssertAnswers(model, instance, asks: false);
        Assert.True(model.TryReadyOneThread());
        AssertAnswers(model, instance, asks: true);
    }

    [Fact]
    public void NobodyEverUsesIt_IsFreed()
    {
        using var model = Load();
        Assert.True(model.TryReadyOneThread());

        _time.Advance(OneThreadSession.Patience);

        Assert.False(model.OneThread!.IsOpen);
    }

    /// <summary>However long an execution takes.</summary>
    [Fact]
    public void Used_IsKept()
    {
        using var session = Make();
        var user = new User { IsUsing = true };
        Assert.True(session.TryOpen());
        Assert.NotNull(session.TryUse(user));

        _time.Advance(10 * OneThreadSession.Patience);
        Assert.True(session.IsOpen);

        user.IsUsing = false;
        _time.Advance(OneThreadSession.Patience);
        Assert.False(session.IsOpen);
    }

    [Fact]
    public void CannotBeMade_IsTriedAgainLater()
    {
        var made = 0;
        using var session = Make(_ => ++made > 1 ? new InferenceSession(SampleOnnxModels.AddSub()) : throw new FileNotFoundException("gone"));

        Assert.False(session.TryOpen());
        Assert.Null(session.TryUse(new User()));
        Assert.Equal((1, 0), (made, _backend.OneThreads.Taken));

        _time.Advance(OneThreadSession.Patience);
        Assert.True(session.TryOpen());
        Assert.NotNull(session.TryUse(new User()));
    }

    [Fact]
    public async Task DisposedWhileItIsMade_IsFreedWhenItIs()
    {
        using var begun = new SemaphoreSlim(0);
        using var end = new SemaphoreSlim(0);
        var stop = CancellationToken.None;
        var session = Make(
            cancellation =>
            {
                stop = cancellation;
                begun.Release();
                Assert.True(end.Wait(TestTimeouts.Phase, TestContext.Current.CancellationToken));
                return new InferenceSession(SampleOnnxModels.AddSub());
            });
        var opening = Task.Run(session.TryOpen, TestContext.Current.CancellationToken);
        await begun.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);

        Assert.False(session.TryOpen());
        session.Dispose();
        Assert.True(stop.IsCancellationRequested);
        end.Release();

        Assert.False(await opening);
        Assert.False(session.IsOpen);
        Assert.Equal(0, _backend.OneThreads.Taken);
    }

    /// <summary>Where somebody has said something of threads, and of models that run on the calling thread alone anyway.</summary>
    [Fact]
    public void ThreadsAreSaid_HasNone()
    {
        using var counted = (OnnxModel)OnnxModels.Load(OnnxModels.Context(Write(), ("intra_op_thread_count", "2")), _backend);
        using var single = (OnnxModel)OnnxModels.Load(OnnxModels.Context(Write()) with { ProcessorCount = 1 }, _backend);
        using var off = Load(("one-thread-copies-max-bytes", "0"));

        Assert.All([counted, single, off], static model => Assert.False(model.HasOneThreadRuns));
        Assert.All([counted, single, off], static model => Assert.False(model.TryReadyOneThread()));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("much")]
    public void Setting_IsNoNumberOfBytes_SaysWhatWasExpected(string value)
    {
        var error = OnnxModels.LoadFails(OnnxModels.Context(Write()) with { BackendSettings = new Dictionary<string, string> { ["one-thread-copies-max-bytes"] = value } });

        Assert.Contains($"backend setting 'one-thread-copies-max-bytes': expected a whole number of bytes from 0, got '{value}'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Nothing is known of its shapes at load, so it is given threads.</summary>
    private static byte[] Model() => SampleOnnxModels.Identity(["n", "m"], OnnxElementType.Float);

    private string Write() => _directory.Write("model.onnx", Model());

    private OnnxModel Load(params (string Key, string Value)[] settings) =>
        (OnnxModel)OnnxModels.Load(OnnxModels.Context(Write()) with { BackendSettings = settings.ToDictionary(static one => one.Key, static one => one.Value) }, _backend);

    private OneThreadSession Make(Func<CancellationToken, InferenceSession>? make = null) =>
        new(make ?? (static _ => new InferenceSession(SampleOnnxModels.AddSub())), static () => 100, _backend.OneThreads, 1000, _time);

    private void AssertAnswers(OnnxModel model, IModelInstance instance, bool asks)
    {
        using var batch = new TestExecutionBatch(model.Signature, _allocator, [TestTensor.Fp32("INPUT0", new TensorShape(1, 3), 1, 2, 3)]) { AsksForOneThread = asks };
        instance.Execute(batch);
        Assert.Equal([1f, 2f, 3f], batch.Output("OUTPUT0").As<float>());
    }

    private sealed class User : IOneThreadUser
    {
        public bool IsUsing { get; set; }

        public bool TryLeave(long unusedSince) => !IsUsing;
    }
}
