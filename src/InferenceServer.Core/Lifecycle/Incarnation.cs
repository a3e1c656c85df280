namespace InferenceServer.Core.Lifecycle;

/// <summary>One load of one version, from wish to unload. Belongs to the lifecycle loop: nothing else touches it.</summary>
/// <param name="id">Its number, which no other has.</param>
/// <param name="modelName">The model's name.</param>
/// <param name="source">What is loaded.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">Signalled when the server stops.</param>
internal sealed class Incarnation(long id, string modelName, AspiredVersion source, TimeProvider time, CancellationToken stopping)
{
    private readonly CancellationTokenSource _load = CancellationTokenSource.CreateLinkedTokenSource(stopping);

    public long Id => id;

    public string ModelName => modelName;

    public AspiredVersion Source { get; private set; } = source;

    public ModelState State { get; private set; } = ModelState.New;

    /// <summary>When it came to that state, as a timestamp.</summary>
    public long Since { get; private set; } = time.GetTimestamp();

    /// <summary>The memory that it takes, or will take as far as is known. Bytes.</summary>
    public long Bytes { get; set; }

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

    public void BeginLoad() => TransitionTo(ModelState.Loading);

    /// <summary>It is tried whether what serves can take its configuration on, which takes no memory.</summary>
    public void BeginTuning(Incarnation predecessor)
    {
        TransitionTo(ModelState.Loading);
        Predecessor = predecessor;
    }

    /// <summary>What serves cannot take its configuration on: it waits for its load.</summary>
    /// <param name="bytes">What that will take.</param>
    public void AwaitLoad(long bytes)
    {
        TransitionTo(ModelState.New);
        Predecessor = null;
        Bytes = bytes;
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
    /// <returns>False when somebody has had it unloaded meanwhile.</returns>
    public bool TrySucceed()
    {
        if (Predecessor is not { State: ModelState.Ready, Served: { } served, LoadDuration: var duration })
        {
            return false;
        }

        Bytes = Predecessor.Bytes;
        Predecessor.EndUnload();
        Serve(served, duration);
        return true;
    }

    /// <summary>The same files are wanted under the same configuration, but for the policy that chose this version among others.</summary>
    public void Adopt(AspiredVersion version)
    {
        if (Served is not null && !Served.Config.VersionPolicy.Equals(version.Config.VersionPolicy))
        {
            Served.ChangePolicy(version.Config.VersionPolicy);
        }

        Source = version with { Members = Source.Members };
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
            (ModelState.New, ModelState.Loading or ModelState.Failed) => true,
            (ModelState.Loading, ModelState.Warming or ModelState.Ready or ModelState.Failed or ModelState.New) => true,
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
        Since = time.GetTimestamp();
    }
}
