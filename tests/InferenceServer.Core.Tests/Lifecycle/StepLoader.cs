using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>A loader whose every load the test ends by hand.</summary>
internal sealed class StepLoader : IModelLoader
{
    private readonly Dictionary<(string, long, string), Step> _steps = [];

    private readonly Dictionary<string, int> _counts = [];

    /// <summary>How many loads of a model have begun.</summary>
    public int Count(string name)
    {
        lock (_steps)
        {
            return _counts.GetValueOrDefault(name);
        }
    }

    /// <summary>What was loaded last.</summary>
    public AspiredVersion? Last { get; private set; }

    /// <summary>The next load of the version is another one.</summary>
    public void Renew(string name, long version, string fingerprint = "same")
    {
        lock (_steps)
        {
            _steps.Remove((name, version, fingerprint));
        }
    }

    public Step Load(string name, long version, string fingerprint = "same")
    {
        lock (_steps)
        {
            if (!_steps.TryGetValue((name, version, fingerprint), out var step))
            {
                _steps[(name, version, fingerprint)] = step = new Step(name, version);
            }

            return step;
        }
    }

    /// <summary>When set, what comes of the tries to have a version take on another configuration; otherwise each takes a load.</summary>
    public Func<ServedModel, AspiredVersion, Task<ModelLoadResult?>> Tune { get; set; } = static (_, _) => Task.FromResult<ModelLoadResult?>(null);

    public Task<ModelLoadResult?> TuneAsync(ServedModel served, AspiredVersion before, AspiredVersion wanted, Action onWarmup, CancellationToken cancellationToken) =>
        Tune(served, wanted);

    public async Task<ModelLoadResult> LoadAsync(string modelName, AspiredVersion version, Action onWarmup, CancellationToken cancellationToken)
    {
        var step = Load(modelName, version.Number, version.Files.Fingerprint);
        lock (_steps)
        {
            Last = version;
            _counts[modelName] = _counts.GetValueOrDefault(modelName) + 1;
        }

        step.Begin(onWarmup);
        return await step.Result.WaitAsync(cancellationToken);
    }
}
