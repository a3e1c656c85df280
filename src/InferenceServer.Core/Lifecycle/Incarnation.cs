namespace InferenceServer.Core.Lifecycle;

/// <summary>One load of one version, from wish to unload. Belongs to the lifecycle loop: nothing else touches it.</summary>
/// <param name="id">Its number, which no other has.</param>
/// <param name="modelName">The model's name.</param>
/// <param name="source">What is loaded.</param>
/// <param name="stopping">Signalled when the server stops.</param>
internal sealed class Incarnation(long id, string modelName, AspiredVersion source, CancellationToken stopping)
{
    private readonly CancellationTokenSource _load = CancellationTokenSource.CreateLinkedTokenSource(stopping);

    public long Id => id;

    public string ModelName => modelName;

    public AspiredVersion Source { get; private set; } = source;

    public ModelState State { get; private set; } = ModelState.New;

    /// <summary>Why the load failed; empty otherwise.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>How long the load took, whether it succeeded or failed.</summary>
    public TimeSpan LoadDuration { get; private set; }

    /// <summary>The loaded model; null before the load and after the unload.</summary>
    public ServedModel? Served { get; private set; }

    /// <summary>
    /// While this is on its way: what serves under its number from the same files. Where that can take on the configuration of this one, nothing is loaded, and
    /// what was loaded changes hands.
    /// </summary>
    public Incarnation? Predecessor { get; private set; }

    /// <summary>True while it is open whether a predecessor changes hands: until then nobody else may have it.</summary>
    public bool IsSucceeding => Predecessor is not null && State is ModelState.Loading or ModelState.Warming;

    /// <summary>True when this is a load of that version from the same files under the same configuration.</summary>
    public bool IsOf(AspiredVersion version) => Source.Number == version.Number && Source.Fingerprint == version.Fingerprint;

    public IncarnationStatus Status => new(id, Source.Number, Source.Fingerprint, State);

    /// <summary>Signalled when the load is to end without a result.</summary>
    public CancellationToken LoadCancellation => _load.Token;

    /// <summary>Has the load end, if it still can.</summary>
    public void CancelLoad() => _load.Cancel();

    public void BeginLoad(Incarnation? predecessor)
    {
        TransitionTo(ModelState.Loading);
        Predecessor = predecessor;
    }

    public void BeginWarmup() => TransitionTo(ModelState.Warming);

    public void Serve(ServedModel served, TimeSpan duration)
    {
        TransitionTo(ModelState.Ready);
        _load.Dispose();
        Predecessor = null;
        Served = served;
        LoadDuration = duration;
    }

    /// <summary>What the predecessor has loaded has taken on this one's configuration. What its load took stays what it was.</summary>
    public void Succeed()
    {
        var (served, duration) = (Predecessor!.Served!, Predecessor.LoadDuration);
        Predecessor.EndUnload();
        Serve(served, duration);
    }

    /// <summary>The same files are wanted under the same configuration, but for the policy that chose this version among others.</summary>
    public void Adopt(AspiredVersion version)
    {
        if (Served is not null && !Served.Config.VersionPolicy.Equals(version.Config.VersionPolicy))
        {
            Served.ChangePolicy(version.Config.VersionPolicy);
        }

        Source = version;
    }

    public void Fail(string reason, TimeSpan duration)
    {
        TransitionTo(ModelState.Failed);
        _load.Dispose();
        Predecessor = null;
        Reason = reason;
        LoadDuration = duration;
    }

    public void BeginUnload() => TransitionTo(ModelState.Draining);

    public void EndUnload()
    {
        TransitionTo(ModelState.Unloaded);
        Served = null;
    }

    private void TransitionTo(ModelState next)
    {
        var isLegal = (State, next) switch
        {
            (ModelState.New, ModelState.Loading) => true,
            (ModelState.Loading, ModelState.Warming or ModelState.Ready or ModelState.Failed) => true,
            (ModelState.Warming, ModelState.Warming or ModelState.Ready or ModelState.Failed) => true,
            (ModelState.Ready, ModelState.Draining or ModelState.Unloaded) => true,
            (ModelState.Draining, ModelState.Unloaded) => true,
            _ => false,
        };
        if (!isLegal)
        {
            throw new InvalidOperationException($"model '{modelName}' version {Source.Number} cannot go from {State} to {next}");
        }

        State = next;
    }
}
