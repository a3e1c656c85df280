using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Syntax;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Ensembles;

/// <summary>Holds ensembles against the models of their steps as a check has found them, without any of them being served.</summary>
/// <param name="models">All models of the repositories.</param>
internal sealed class EnsembleCheck(IReadOnlyCollection<AspiredModel> models)
{
    private readonly Dictionary<string, SortedDictionary<long, ModelConfig>> _good = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AspiredModel> _models = models.ToDictionary(static model => model.Name, StringComparer.Ordinal);

    /// <summary>The models in the order in which they are to be checked: an ensemble after those that it leads to.</summary>
    public IEnumerable<AspiredModel> Order()
    {
        var ordered = new List<AspiredModel>(models.Where(static model => EnsembleGate.StepsOf(model) is null));
        var left = models.Except(ordered).ToList();
        while (left.Count > 0)
        {
            var ready = left.Where(model => !MembersOf(model).Any(member => left.Exists(other => other.Name == member))).ToList();

            // What is left waits for itself.
            ready = ready.Count > 0 ? ready : [.. left];
            ordered.AddRange(ready);
            left.RemoveAll(ready.Contains);
        }

        return ordered;
    }

    /// <summary>A version would serve.</summary>
    public void Note(string model, long version, ModelConfig config) => (_good.TryGetValue(model, out var versions) ? versions : _good[model] = [])[version] = config;

    /// <summary>Checks a version of an ensemble.</summary>
    public ModelCheck Check(AspiredModel model, AspiredVersion version, ImmutableArray<string> warnings)
    {
        var members = ImmutableArray.CreateBuilder<EnsembleMember>();
        var missing = new ProblemList(version.Config.Document.FileName);
        foreach (var step in version.Config.Ensemble!.Steps)
        {
            var name = MemberNames.Find(step, model.Name, _models.Keys);
            if (name is not null && Find(name, step.Version) is { } config)
            {
                members.Add(new EnsembleMember(name, config));
                continue;
            }

            missing.Add(version.Config.Document.Positions.Find($"{step.Path}.model_name"), Explain(model, step, name), name is null ? DidYouMean.Suggest(step.Model, _models.Keys.Where(known => known != model.Name)) : null);
        }

        if (!missing.IsEmpty)
        {
            return new ModelCheck(model.Name, version.Number, Lines(missing.ToImmutable()), warnings);
        }

        if (!EnsembleLinker.TryLink(version.Config, members.ToImmutable(), out var linked, out var problems))
        {
            return new ModelCheck(model.Name, version.Number, Lines(problems), warnings);
        }

        Note(model.Name, version.Number, linked.Config);
        return new ModelCheck(model.Name, version.Number, [], [.. warnings, .. Lines(linked.Config.Warnings)]);
    }

    private static string Explain(AspiredModel ensemble, EnsembleStepConfig step, string? name) =>
        name is null ? $"no repository has the model '{step.Model}' of step[{step.Index}]"
            : name == ensemble.Name ? $"circular dependency: step[{step.Index}] is the ensemble itself"
            : step.Version is { } version ? FormattableString.Invariant($"version {version} of the model '{name}' of step[{step.Index}] would not serve")
            : $"the model '{name}' of step[{step.Index}] would not serve, or leads back to this one";

    private ModelConfig? Find(string model, long? version) =>
        !_good.TryGetValue(model, out var versions) ? null : version is { } number ? versions.GetValueOrDefault(number) : versions.Values.Last();

    private IEnumerable<string> MembersOf(AspiredModel model) => EnsembleGate.StepsOf(model)!.Steps.Select(step => MemberNames.Find(step, model.Name, _models.Keys)).OfType<string>();

    private static ImmutableArray<string> Lines(ImmutableArray<ConfigProblem> problems) => [.. problems.Select(static problem => problem.ToString())];
}
