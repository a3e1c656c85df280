using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Ensembles;

/// <summary>Which model a step means, where each repository may be a namespace: the one that the step names, or else that of the ensemble, before all others.</summary>
internal static class MemberNames
{
    /// <summary>The names that a step may mean, the likeliest first; the plain name is the last one.</summary>
    /// <param name="step">The step.</param>
    /// <param name="ensemble">The ensemble's name.</param>
    public static ImmutableArray<string> Candidates(EnsembleStepConfig step, string ensemble)
    {
        if (step.Namespace.Length > 0)
        {
            // Triton writes the path of the repository, of which the last part is the namespace here.
            return [ModelNamespaces.Qualify(ModelNamespaces.OfUrl(step.Namespace), ModelNamespaces.PlainOf(step.Model)), step.Model];
        }

        return ModelNamespaces.TrySplit(ensemble, out var space, out _) && !ModelNamespaces.TrySplit(step.Model, out _, out _)
            ? [ModelNamespaces.Qualify(space, step.Model), step.Model]
            : [step.Model];
    }

    /// <summary>The model that a step means of those that are wanted; null for none.</summary>
    /// <param name="step">The step.</param>
    /// <param name="ensemble">The ensemble's name.</param>
    /// <param name="wanted">The names of all models that are wanted.</param>
    public static string? Find(EnsembleStepConfig step, string ensemble, IEnumerable<string> wanted)
    {
        var names = wanted as IReadOnlySet<string> ?? wanted.ToHashSet(StringComparer.Ordinal);
        if (Candidates(step, ensemble).FirstOrDefault(names.Contains) is { } exact)
        {
            return exact;
        }

        return step.Namespace.Length == 0 && new PlainNames(names).Find(step.Model) is [var only] ? only : null;
    }
}
