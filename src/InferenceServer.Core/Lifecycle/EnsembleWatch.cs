using System.Collections.Immutable;
using InferenceServer.Core.Residency;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Where the ensembles stand as of the last step of the lifecycle. Belongs to the lifecycle loop: nothing else touches it.</summary>
internal sealed class EnsembleWatch(ILogger logger)
{
    private readonly HashSet<string> _served = new(StringComparer.Ordinal);
    private ImmutableDictionary<string, EnsembleStanding> _standings = ImmutableDictionary<string, EnsembleStanding>.Empty;

    /// <summary>Looks at what is there now.</summary>
    public void Look(IReadOnlyDictionary<string, AspiredModel> aspired, IReadOnlyCollection<Incarnation> incarnations, Residents residents)
    {
        var before = _standings;
        _standings = new EnsembleGate(aspired, incarnations, residents).All();
        foreach (var (name, standing) in _standings)
        {
            if (standing.Blocked is { } reason && before.GetValueOrDefault(name)?.Blocked != reason)
            {
                LifecycleLog.EnsembleBlocked(logger, name, reason);
            }

            if (incarnations.Any(incarnation => incarnation.ModelName == name && incarnation.State == ModelState.Ready))
            {
                _served.Add(name);
            }
        }

        _served.RemoveWhere(name => !_standings.ContainsKey(name));
    }

    /// <summary>Where a model stands; null when it is no ensemble.</summary>
    public EnsembleStanding? Find(string model) => _standings.GetValueOrDefault(model);

    /// <summary>Why a model cannot serve although it is wanted: that of a step does not; null when it can.</summary>
    public string? FindBlocked(string model) => Find(model)?.Blocked;

    /// <summary>
    /// What there is to say of an ensemble that is held back: it has failed, unless it served before. Then somebody has taken a model from it, and has been told what comes of that.
    /// </summary>
    public IEnumerable<ModelStatus> Statuses(AspiredModel model) => Find(model.Name) is not { IsOpen: false } standing ? [] : model.Versions.Select(version => new ModelStatus
    {
        Name = model.Name,
        Version = version.Number,
        State = standing.IsWaiting ? ModelState.New : _served.Contains(model.Name) ? ModelState.Unloaded : ModelState.Failed,
        Reason = standing.Blocked ?? "",
        Backend = version.Config.Backend.Name,
    });

    /// <summary>The versions of an ordinary model, or of an ensemble, that are to be there now, by number and fingerprint.</summary>
    public (long Number, string Fingerprint)[] Wanted(AspiredModel model, IEnumerable<Incarnation> known) => Find(model.Name) switch
    {
        null => [.. model.Versions.Select(version => (version.Number, version.Fingerprint))],
        { Blocked: not null } => [],
        { IsWaiting: true } => [.. known.Where(static incarnation => incarnation.State is not (ModelState.Draining or ModelState.Unloaded)).Select(incarnation => Of(incarnation))],
        var standing => [.. model.Versions.Select(version => (version.Number, Stamp(version.Fingerprint, standing.Signature)))],
    };

    /// <summary>Where an incarnation stands. To one of an ensemble belongs what it depends on of its members: with others, it is another one.</summary>
    public IncarnationStatus StatusOf(Incarnation incarnation) => incarnation.Status with { Fingerprint = Of(incarnation).Fingerprint };

    /// <summary>The version that one of <see cref="Wanted"/> means, with the members that it is to be held against.</summary>
    public AspiredVersion Resolve(AspiredModel model, (long Number, string Fingerprint) wanted)
    {
        var standing = Find(model.Name);
        var version = model.Versions.First(candidate => candidate.Number == wanted.Number && (standing is null ? candidate.Fingerprint : Stamp(candidate.Fingerprint, standing.Signature)) == wanted.Fingerprint);
        return standing is null ? version : version with { Members = standing.Members };
    }

    /// <summary>True for a failure that says nothing any more: the members that it was held against are others now.</summary>
    public bool IsPast(Incarnation incarnation) =>
        incarnation is { State: ModelState.Failed, Source.Members.IsEmpty: false } && Find(incarnation.ModelName) is { IsOpen: true } standing && SignatureOf(incarnation) != standing.Signature;

    /// <summary>True for what serves with members that are others now, and has failed with those of now: it cannot go on.</summary>
    public bool IsBroken(Incarnation incarnation, IEnumerable<Incarnation> known) =>
        incarnation is { State: ModelState.Ready, Source.Members.IsEmpty: false } && Find(incarnation.ModelName) is { IsOpen: true } standing && SignatureOf(incarnation) != standing.Signature
        && known.Any(other => other.State == ModelState.Failed && other.Source.Number == incarnation.Source.Number && other.Source.Fingerprint == incarnation.Source.Fingerprint);

    private (long Number, string Fingerprint) Of(Incarnation incarnation) =>
        (incarnation.Source.Number, Find(incarnation.ModelName) is null ? incarnation.Source.Fingerprint : Stamp(incarnation.Source.Fingerprint, SignatureOf(incarnation)));

    /// <summary>Before it is loaded nothing speaks against it: it is held against the members then.</summary>
    private string? SignatureOf(Incarnation incarnation) => incarnation switch
    {
        { State: ModelState.Ready } => incarnation.Served!.MemberSignature,
        { State: ModelState.Failed } => Ensembles.MemberVersion.SignatureOf(incarnation.Source.Members),
        _ => null,
    } ?? Find(incarnation.ModelName)?.Signature;

    private static string Stamp(string fingerprint, string? signature) => signature is null ? fingerprint : $"{fingerprint}\n{signature}";
}
