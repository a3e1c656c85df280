using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Syntax;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Holds ensembles back until the models of their steps serve. Pure: what is wanted and what is there go in, and for each ensemble it comes out whether it can be loaded.
/// </summary>
/// <param name="aspired">What is wanted, by name.</param>
/// <param name="incarnations">What is there.</param>
/// <param name="residents">What is loaded on demand.</param>
internal sealed class EnsembleGate(IReadOnlyDictionary<string, AspiredModel> aspired, IEnumerable<Incarnation> incarnations, Residents residents)
{
    private readonly ILookup<string, Incarnation> _living = incarnations.ToLookup(static incarnation => incarnation.ModelName, StringComparer.Ordinal);
    private readonly Dictionary<string, EnsembleStanding> _known = new(StringComparer.Ordinal);
    private readonly List<string> _path = [];

    private HashSet<string> Names => field ??= aspired.Keys.ToHashSet(StringComparer.Ordinal);

    /// <summary>The steps of a model; null when it is no ensemble, or its file cannot be read.</summary>
    public static EnsembleConfig? StepsOf(AspiredModel model) => model.Versions is [var version, ..] ? version.Config.Ensemble : null;

    /// <summary>Where each ensemble stands.</summary>
    public ImmutableDictionary<string, EnsembleStanding> All() => aspired.Values
        .Where(static model => StepsOf(model) is not null)
        .ToImmutableDictionary(static model => model.Name, StandingOf, StringComparer.Ordinal);

    private EnsembleStanding StandingOf(AspiredModel model)
    {
        if (_known.TryGetValue(model.Name, out var known))
        {
            return known;
        }

        if (_path.Contains(model.Name))
        {
            return EnsembleStanding.BlockedBy($"circular dependency: {string.Join(" -> ", _path.SkipWhile(name => name != model.Name).Append(model.Name))}");
        }

        _path.Add(model.Name);
        var standing = Decide(model, StepsOf(model)!);
        _path.RemoveAt(_path.Count - 1);

        // What a circle leads to is told with the circle's own beginning.
        return _path.Count == 0 || standing.IsOpen ? _known[model.Name] = standing : standing;
    }

    private EnsembleStanding Decide(AspiredModel model, EnsembleConfig ensemble)
    {
        var members = ImmutableArray.CreateBuilder<MemberVersion>();
        var isWaiting = false;
        foreach (var step in ensemble.Steps)
        {
            var problem = Find(model, step, out var member);
            if (problem is not null)
            {
                return EnsembleStanding.BlockedBy(problem);
            }

            isWaiting |= member is null;
            members.Add(member!);
        }

        return isWaiting ? EnsembleStanding.Waiting : EnsembleStanding.Open(members.ToImmutable());
    }

    /// <summary>Why the model of a step will not be there; null when it is, or is on its way.</summary>
    private string? Find(AspiredModel ensemble, EnsembleStepConfig step, out MemberVersion? member)
    {
        member = null;
        if (MemberNames.Find(step, ensemble.Name, Names) is not { } name)
        {
            var near = DidYouMean.Suggest(step.Model, aspired.Keys.Where(known => known != ensemble.Name));
            return $"{Place(ensemble, step)}the model '{step.Model}' of step[{step.Index}] is not loaded{(near is null ? "" : $"; {near}")}";
        }

        var model = aspired[name];
        var standing = StepsOf(model) is null ? null : StandingOf(model);
        if (standing?.Blocked is { } reason)
        {
            return reason.StartsWith("circular", StringComparison.Ordinal) ? reason : $"{Place(ensemble, step)}the model '{name}' of step[{step.Index}] cannot serve: {reason}";
        }

        var own = _living[name].Where(incarnation => step.Version is null || incarnation.Source.Number == step.Version).ToArray();
        var ready = own.Where(static incarnation => incarnation.State == ModelState.Ready).MaxBy(static incarnation => (incarnation.Source.Number, incarnation.Id));
        if (ready is not null)
        {
            member = new MemberVersion(name, ready.Served!.Config);
            return null;
        }

        var versions = model.Versions.Where(version => step.Version is null || version.Number == step.Version).ToArray();
        if (model.Problem is not null || versions.Length == 0)
        {
            var why = model.Problem ?? FormattableString.Invariant($"it has no version {step.Version}; its versions are {string.Join(", ", model.Versions.Select(static version => version.Number))}");
            return $"{Place(ensemble, step)}the model '{name}' of step[{step.Index}] cannot serve: {why}";
        }

        if (residents.IsOnDemand(model))
        {
            member = new MemberVersion(name, residents.Remember(name, versions[^1])?.Config);
            return null;
        }

        var failures = versions.Select(version => Array.FindLast(own, incarnation => incarnation.IsOf(version))).ToArray();
        return Array.TrueForAll(failures, static incarnation => incarnation is { State: ModelState.Failed })
            ? $"{Place(ensemble, step)}the model '{name}' of step[{step.Index}] cannot serve: {failures[^1]!.Reason}"
            : null;
    }

    /// <summary>Where the step stands in the file, in front of a problem.</summary>
    private static string Place(AspiredModel ensemble, EnsembleStepConfig step)
    {
        var document = ensemble.Versions[0].Config.Document;
        var at = document.Positions.Find($"{step.Path}.model_name");
        return at.Line == 0 ? "" : FormattableString.Invariant($"{document.FileName}:{at.Line}:{at.Column}: ");
    }
}
