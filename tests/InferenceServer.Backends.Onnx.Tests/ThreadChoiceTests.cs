using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Models that take next to nothing run without the shared threads.</summary>
public sealed class ThreadChoiceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    // The engine has one environment a process, which is the backend's to make.
    public ThreadChoiceTests() => OnnxModels.Load(SampleOnnxModels.AddSub()).Dispose();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void ModelOfFixedShape_IsMeasured()
    {
        using var session = new InferenceSession(SampleOnnxModels.AddSub());

        // However busy the machine is.
        var took = ShortRun.Measure(session, new LateTime());

        Assert.NotNull(took);
        Assert.True(took > TimeSpan.Zero);
    }

    /// <summary>A timer that fires while the runs end must not touch what the engine has freed.</summary>
    [Fact]
    public void Measurement_IsOverWhenItsTimeIs()
    {
        using var session = new InferenceSession(SampleOnnxModels.AddSub());
        var time = new LateTime();
        for (var i = 0; i < 100; i++)
        {
            ShortRun.Measure(session, time);
        }

        time.FireAll();
        Assert.Equal(100, time.Fired);
    }

    /// <summary>One row of an image of one pixel says nothing of images.</summary>
    [Theory]
    [InlineData(OnnxElementType.Float, "n", "width")]
    [InlineData(OnnxElementType.String, "n", "4")]
    [InlineData(OnnxElementType.Float, "n", "100000")]
    public void ModelOfWhichARowSaysNothing_IsNotMeasured(OnnxElementType type, string first, string second)
    {
        using var session = new InferenceSession(SampleOnnxModels.Identity([first, long.TryParse(second, out var size) ? size : second], type));

        Assert.Null(ShortRun.Measure(session, TimeProvider.System));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Session_StaysWhenARowTakesLessThanTheLimit(int hours, bool stays)
    {
        using var session = new ThreadChoice(new FileSystem(), new LateTime(), TimeSpan.FromHours(hours)).Try(static () => new InferenceSession(SampleOnnxModels.AddSub()));

        Assert.Equal(stays, session is not null);
    }

    [Fact]
    public void FileThatIsNoModel_IsForTheNextSessionToTell() =>
        Assert.Null(new ThreadChoice(new FileSystem(), TimeProvider.System, ThreadChoice.Limit).Try(static () => new InferenceSession("no model"u8.ToArray())));

    [Fact]
    public void SmallModelOfWhichNothingIsSaid_IsTriedWithoutThreads()
    {
        var alone = Alone(Context(SampleOnnxModels.AddSub()));

        Assert.Equal((false, 1, 1), (alone!.UsesSharedThreads, alone.IntraOpThreads, alone.InterOpThreads));
    }

    [Fact]
    public void ModelOfWhichThreadsAreSpoken_IsLeftAsItIs()
    {
        var context = Context(SampleOnnxModels.AddSub());

        Assert.Null(Alone(OnnxModels.Context(context.ModelFile, ("intra_op_thread_count", "2"))));
        Assert.Null(Alone(context with { ProcessorCount = 1 }));
        Assert.Null(Alone(context, hasDevice: true));
        Assert.Null(Alone(context with { Placements = [OnnxModels.Placement with { Kind = InstanceKind.Gpu }] }));
    }

    [Fact]
    public void ModelThatTakesLongToRead_IsReadOnce()
    {
        Assert.Null(Alone(OnnxModels.Context(Path.Combine(_directory.FullPath, "nowhere.onnx"))));
        Assert.Null(Alone(Context([.. SampleOnnxModels.AddSub(), .. "location"u8])));
        Assert.Null(Alone(Context(new byte[(4 << 20) + 1])));
    }

    private static SessionSettings? Alone(ModelLoadContext context, bool hasDevice = false) =>
        new ThreadChoice(new FileSystem(), TimeProvider.System, ThreadChoice.Limit).OfSmall(context, ThreadChoice.Alone(context, SessionSettingsReader.Read(context), hasDevice));

    private ModelLoadContext Context(byte[] model) => OnnxModels.Context(_directory.Write("model.onnx", model));

    /// <summary>Its timers fire when it is too late, as those of a busy system may.</summary>
    private sealed class LateTime : TimeProvider
    {
        private readonly List<Action> _timers = [];

        public int Fired { get; private set; }

        public void FireAll() => _timers.ForEach(static fire => fire());

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add(() =>
            {
                callback(state);
                Fired++;
            });
            return System.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
