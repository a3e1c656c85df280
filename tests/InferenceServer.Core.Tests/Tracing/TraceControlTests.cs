using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using Xunit;

namespace InferenceServer.Core.Tests.Tracing;

public sealed class TraceControlTests : IAsyncLifetime
{
    private readonly ServedModelFixture _model = new();
    private readonly ModelCatalog _catalog = new();

    public ValueTask InitializeAsync()
    {
        _catalog.Publish(new ServingSnapshot([new ServedVersions("m", [_model.Served], []), new ServedVersions("other", [_model.Served], [])]));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    private static readonly RequestObserver s_observer = new(TimeProvider.System, RequestLog.None);

    [Fact]
    public void Settings_FallBackFromModelToGlobalToStart()
    {
        var control = Make(new TraceSettings(TraceLevels.Timestamps, 10, 100, 3));
        Update(control, "", new TraceSettingsUpdate { Rate = new(20) });
        Update(control, "m", new TraceSettingsUpdate { LogFrequency = new(5) });
        Assert.Equal(new TraceSettings(TraceLevels.Timestamps, 20, 100, 5), Get(control, "m"));
        Assert.Equal(new TraceSettings(TraceLevels.Timestamps, 20, 100, 3), Get(control, ""));
        Assert.Equal(Get(control, ""), Get(control, "other"));

        // What the model does not set follows the global settings.
        Update(control, "", new TraceSettingsUpdate { Rate = new(30), LogFrequency = new(9) });
        Assert.Equal(new TraceSettings(TraceLevels.Timestamps, 30, 100, 5), Get(control, "m"));

        Update(control, "m", new TraceSettingsUpdate { LogFrequency = new(null) });
        Assert.Equal(9, Get(control, "m").LogFrequency);
        Update(control, "", new TraceSettingsUpdate { Rate = new(null), LogFrequency = new(null) });
        Assert.Equal(new TraceSettings(TraceLevels.Timestamps, 10, 100, 3), Get(control, "m"));
    }

    [Fact]
    public void Level_OfAModel_IsItsOwn()
    {
        var control = Make(TraceSettings.Default with { Rate = 1 });
        Assert.False(control.Tracer.IsOn);
        Update(control, "m", new TraceSettingsUpdate { Levels = new(TraceLevels.Tensors) });
        Assert.True(control.Tracer.IsOn);
        Assert.Equal(TraceLevels.Off, Get(control, "other").Levels);
        using (var trace = Begin(control))
        {
            Assert.NotNull(trace);
        }

        Update(control, "m", new TraceSettingsUpdate { Levels = new(TraceLevels.Off) });
        Assert.False(control.Tracer.IsOn);
        Assert.Null(Begin(control));
    }

    [Fact]
    public void Count_IsWhatIsLeft_UntilItIsSetAnew()
    {
        var control = Make(new TraceSettings(TraceLevels.Timestamps, 1, 5, 0));
        Begin(control)?.Dispose();
        Begin(control)?.Dispose();
        Assert.Equal(3, Get(control, "").Count);

        // Another setting is no reason to begin anew.
        Update(control, "", new TraceSettingsUpdate { LogFrequency = new(1) });
        Assert.Equal(3, Get(control, "").Count);

        // A model that sets something goes on with what is left, on its own.
        Update(control, "m", new TraceSettingsUpdate { LogFrequency = new(2) });
        Begin(control)?.Dispose();
        Assert.Equal((2, 3), (Get(control, "m").Count, Get(control, "").Count));
        Update(control, "", new TraceSettingsUpdate { Rate = new(2) });
        Assert.Equal((2, 3), (Get(control, "m").Count, Get(control, "").Count));

        Update(control, "", new TraceSettingsUpdate { Count = new(7) });
        Assert.Equal((7, 7), (Get(control, "m").Count, Get(control, "").Count));
        Update(control, "m", new TraceSettingsUpdate { Count = new(1) });
        Update(control, "", new TraceSettingsUpdate { Count = new(9) });
        Assert.Equal((1, 9), (Get(control, "m").Count, Get(control, "").Count));
        Update(control, "m", new TraceSettingsUpdate { Count = new(null) });
        Assert.Equal(9, Get(control, "m").Count);
    }

    [Fact]
    public void RateOfNought_IsRefusedWhereSomethingIsTraced()
    {
        var control = Make(TraceSettings.Default);
        Update(control, "", new TraceSettingsUpdate { Rate = new(0) });
        var error = Refuse(control, "", new TraceSettingsUpdate { Levels = new(TraceLevels.Timestamps) });
        Assert.Contains("rate is 0", error.Message, StringComparison.Ordinal);
        Assert.Equal(TraceLevels.Off, Get(control, "").Levels);
    }

    [Fact]
    public void GlobalChange_ThatSpoilsAModelsSettings_IsRefusedAndNamesTheModel()
    {
        var control = Make(TraceSettings.Default);
        Update(control, "m", new TraceSettingsUpdate { Levels = new(TraceLevels.Timestamps) });
        var error = Refuse(control, "", new TraceSettingsUpdate { Rate = new(0) });
        Assert.Contains("model 'm'", error.Message, StringComparison.Ordinal);
        Assert.Equal(1000, Get(control, "").Rate);
    }

    [Fact]
    public void Level_WithoutAFile_IsRefusedAndSaysWhatIsMissing()
    {
        var control = new TraceControl(_catalog, TraceWriter.None, new TraceOptions(), TimeProvider.System, "");
        var error = Refuse(control, "", new TraceSettingsUpdate { Levels = new(TraceLevels.Timestamps) });
        Assert.Contains("--trace-config=triton,file=", error.Message, StringComparison.Ordinal);
        Assert.False(control.Tracer.IsOn);
        Update(control, "", new TraceSettingsUpdate { Rate = new(5), Levels = new(TraceLevels.Off) });
        Assert.Equal(5, Get(control, "").Rate);
    }

    [Fact]
    public void UnknownModel_IsNotFound()
    {
        var control = Make(TraceSettings.Default);
        Assert.False(control.TryGet("nothing", out _, out var error));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.False(control.TryUpdate("nothing", new TraceSettingsUpdate(), out _, out error));
        Assert.Equal(ErrorCode.NotFound, error.Code);
    }

    [Fact]
    public async Task Settings_OfAPlainName_AreThoseOfTheModelThatItMeans()
    {
        await using var model = new ServedModelFixture(name: "east::m");
        var catalog = new ModelCatalog { UsesNamespaces = true };
        catalog.Publish(new ServingSnapshot([new ServedVersions("east::m", [model.Served], [])]));
        var control = Make(TraceSettings.Default with { Rate = 1 }, catalog);
        Update(control, "m", new TraceSettingsUpdate { Levels = new(TraceLevels.Timestamps) });
        Assert.Equal(TraceLevels.Timestamps, Get(control, "east::m").Levels);
        using (var record = s_observer.Begin(RequestProtocol.Http, "m"))
        {
            control.Tracer.Begin(record, model.Served, TraceActivity.HttpReceiveStart, 0);
            Assert.NotNull(record.Trace);
        }

        Update(control, "east::m", new TraceSettingsUpdate { Levels = new(TraceLevels.Off) });
        Assert.Equal(TraceLevels.Off, Get(control, "m").Levels);
        Assert.False(control.Tracer.IsOn);
        catalog.Publish(new ServingSnapshot([new ServedVersions("east::m", [model.Served], []), new ServedVersions("west::m", [model.Served], [])]));
        Assert.False(control.TryGet("m", out _, out var error));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    [Theory]
    [InlineData(TraceLevels.Off, null)]
    [InlineData(TraceLevels.Timestamps, null)]
    [InlineData(TraceLevels.Timestamps, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")]
    public void RequestThatIsNotTraced_AllocatesNothing(TraceLevels levels, string? traceParent)
    {
        var control = Make(new TraceSettings(levels, long.MaxValue, -1, 0));
        using var record = s_observer.Begin(RequestProtocol.Http, "m");
        record.TraceParent = traceParent;
        Ask();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Ask();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Ask()
        {
            for (var i = 0; i < 100; i++)
            {
                control.Tracer.Begin(record, _model.Served, TraceActivity.HttpReceiveStart, control.Tracer.Timestamp);
                Assert.True(record.Trace is null);
            }
        }
    }

    private TraceControl Make(TraceSettings start, ModelCatalog? catalog = null) => new(catalog ?? _catalog, TraceWriter.None, new TraceOptions { File = "/traces.json", Start = start }, TimeProvider.System, "traces.json");

    private RequestTrace? Begin(TraceControl control)
    {
        var record = s_observer.Begin(RequestProtocol.Http, "m");
        control.Tracer.Begin(record, _model.Served, TraceActivity.HttpReceiveStart, 0);
        return record.Trace;
    }

    private static TraceSettings Get(TraceControl control, string model) => control.TryGet(model, out var settings, out _) ? settings : throw new InvalidOperationException(model);

    private static void Update(TraceControl control, string model, TraceSettingsUpdate update)
    {
        Assert.True(control.TryUpdate(model, update, out var settings, out var error), error?.Message);
        Assert.Equal(Get(control, model), settings);
    }

    private static InferenceError Refuse(TraceControl control, string model, TraceSettingsUpdate update)
    {
        Assert.False(control.TryUpdate(model, update, out _, out var error));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        return error;
    }
}
