using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>Holds an ensemble against the models of its steps, as they serve now, and makes its plan. All that is wrong is reported at once.</summary>
internal static class EnsembleLinker
{
    /// <summary>Links an ensemble. Pure.</summary>
    /// <param name="declared">What its file says; the rules that need no model have found nothing wrong.</param>
    /// <param name="members">The model of each step, in the order of the file.</param>
    /// <param name="linked">The configuration and the plan, when nothing is wrong.</param>
    /// <param name="problems">Everything that is wrong, in the order of the file.</param>
    public static bool TryLink(DeclaredModelConfig declared, ImmutableArray<EnsembleMember> members, [NotNullWhen(true)] out LinkedEnsemble? linked, out ImmutableArray<ConfigProblem> problems)
    {
        linked = null;
        var link = new EnsembleLink(declared, members);
        var (inputs, outputs) = EnsembleCompletion.TensorsOf(declared);
        foreach (var input in inputs)
        {
            link.Tensors[input.Name] = LinkedTensor.Of(input, $"input '{input.Name}' of the ensemble");
        }

        var ordered = link.Order();
        var places = ordered.Select(static (step, place) => (step.Index, place)).ToDictionary(static pair => pair.Index, static pair => pair.place);
        var optional = inputs.Where(static input => input.IsOptional).Select(static input => input.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var step in ordered)
        {
            StepCheck.Run(link, step, places[step.Index], optional);
        }

        OutputCheck.Run(link, outputs);
        var isDecoupled = members.Any(static member => member.Config.IsDecoupled);
        if (declared.IsDecoupled && !isDecoupled)
        {
            link.Error("model_transaction_policy.decoupled", "the ensemble is said to be decoupled, and none of its steps is", "leave it out: whether an ensemble is decoupled follows from its steps");
        }

        CacheCheck.Run(link);
        problems = link.Problems.ToImmutable();
        if (!problems.IsEmpty)
        {
            return false;
        }

        var config = EnsembleCompletion.Complete(declared, members);
        linked = new LinkedEnsemble(config, MakePlan(link, ordered, config));
        return true;
    }

    private static EnsemblePlan MakePlan(EnsembleLink link, ImmutableArray<EnsembleStepConfig> ordered, ModelConfig config)
    {
        ImmutableArray<string> names = [.. link.Tensors.Keys];
        var places = names.Select(static (name, place) => (name, place)).ToDictionary(static pair => pair.name, static pair => pair.place, StringComparer.Ordinal);
        var scopes = ordered.Select(step => StepCheck.ScopeOf(link, step)).ToArray();
        return new EnsemblePlan(
            config.Name,
            names,
            [.. ordered.Select((step, place) => MakeStep(link, step, places, scopes[place]) with { FeedsItself = FeedsItself(link, ordered, scopes, place) })],
            [.. config.Inputs.Select(input => places[input.Name])],
            [.. config.Outputs.Select(output => places[output.Name])],
            link.Ensemble.MaxInflightRequests);
    }

    private static PlanStep MakeStep(EnsembleLink link, EnsembleStepConfig step, Dictionary<string, int> places, int scope)
    {
        var member = link.MemberOf(step);
        return new PlanStep
        {
            Model = member.Model,
            Version = step.Version is { } version ? FormattableString.Invariant($"{version}") : "",
            Index = step.Index,
            Words = step.Words,
            Scope = scope,
            IsDecoupled = member.Config.IsDecoupled,
            Inputs = [.. step.Inputs.Select(mapping => new PlanInput(mapping.Member, places[mapping.Ensemble])
            {
                IsOptional = member.Config.Inputs.First(input => input.Name == mapping.Member).IsOptional,
                IsCut = step.FanOut?.Tensors.Contains(mapping.Ensemble, StringComparer.Ordinal) ?? false,
            })],
            Outputs = [.. step.Outputs.Select(mapping => new PlanOutput(mapping.Member, places[mapping.Ensemble]))],
            Condition = step.Condition is { } condition ? new PlanCondition(places[condition.Tensor], condition.IsNegated) : null,
            FanOut = step.FanOut is { } fanOut ? new PlanFanOut(fanOut.Parallel, fanOut.MaxItems) : null,
        };
    }

    /// <summary>True when what follows from the responses of a decoupled step leads to a model that it needs itself.</summary>
    private static bool FeedsItself(EnsembleLink link, ImmutableArray<EnsembleStepConfig> ordered, int[] scopes, int place)
    {
        var own = link.MemberOf(ordered[place]).Runs;
        return Enumerable.Range(0, ordered.Length).Any(other => IsWithin(other) && link.MemberOf(ordered[other]).Runs.Overlaps(own));

        bool IsWithin(int other)
        {
            for (var scope = scopes[other]; scope != EnsemblePlan.Root; scope = scopes[scope])
            {
                if (scope == place)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
