using InferenceServer.Core.Routing;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Keeps one version of a model loaded until it is disposed. Counted per version.</summary>
public sealed class ModelLease : IDisposable
{
    private ServedModel? _model;

    internal ModelLease(ServedModel model) => _model = model;

    /// <summary>The version that is leased.</summary>
    public ServedModel Model => _model ?? throw new ObjectDisposedException(nameof(ModelLease));

    /// <summary>That the lease was asked for by an alias; null when it was not.</summary>
    internal AliasPass? Pass { get; set; }

    /// <summary>True when the version was chosen for the client, so that another one may answer where a sequence of his goes on.</summary>
    internal bool IsAnyVersion { get; init; }

    /// <summary>True when the version is on its way out and only the sequences are finished that it has.</summary>
    internal bool IsForSequencesAlone { get; init; }

    /// <summary>Another lease of the same version.</summary>
    internal ModelLease Share()
    {
        var model = Model;

        // This lease is counted itself, so that the count cannot be down to zero.
        return model.TryAcquire() ? new ModelLease(model) { IsAnyVersion = IsAnyVersion } : throw new ObjectDisposedException(nameof(ModelLease));
    }

    /// <summary>Gives the version back.</summary>
    public void Dispose() => Interlocked.Exchange(ref _model, null)?.Release();
}
