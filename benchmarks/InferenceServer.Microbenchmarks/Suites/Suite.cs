using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>A stage beside its floors, each of which is made before it is measured and given back after.</summary>
public abstract class Suite
{
    private object? _made;
    private IStage? _stage;
    private IAsyncStage? _asyncStage;

    /// <summary>What a measurement is of.</summary>
    public abstract IEnumerable<object> Cases { get; }

    [ParamsSource(nameof(Cases))]
    public object Case { get; set; } = "";

    [GlobalCleanup]
    public Task CleanUp() => StageCatalog.EndAsync(_made).AsTask();

    private protected void Begin(object stage)
    {
        _made = stage;
        _stage = stage as IStage;
        _asyncStage = stage as IAsyncStage;
    }

    private protected void Run() => _stage!.Run();

    /// <summary>Of either kind.</summary>
    private protected Task RunAsync()
    {
        if (_asyncStage is { } other)
        {
            return other.RunAsync();
        }

        _stage!.Run();
        return Task.CompletedTask;
    }
}
