using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Finds the models of the steps of ensembles in the repositories.</summary>
internal sealed class MemberFinder(RepositoryScanner scanner, ModelNameResolver names)
{
    /// <summary>The model of the repositories that a step means; null when there is none, or several. Where it is elsewhere, it is there by then.</summary>
    public async Task<string?> FindAsync(EnsembleStepConfig step, string ensemble, CancellationToken cancellationToken)
    {
        foreach (var candidate in MemberNames.Candidates(step, ensemble).Where(names.IsValid))
        {
            var found = await names.FindAsync(candidate, cancellationToken).ConfigureAwait(false);
            if (found.Error is null && found.Unreachable is null)
            {
                await names.FetchAsync(found.Name, cancellationToken).ConfigureAwait(false);
                if (scanner.Scan(found.Name) is not null)
                {
                    return found.Name;
                }
            }
        }

        return null;
    }

    /// <summary>Adds the models of the steps of ensembles, and of ensembles among them.</summary>
    /// <param name="models">The models that are wanted.</param>
    /// <param name="read">Reads one more model.</param>
    /// <param name="cancellationToken">Ends the questions to stores.</param>
    public async Task<ImmutableArray<AspiredModel>> AddAsync(List<AspiredModel> models, Func<string, Task<AspiredModel>> read, CancellationToken cancellationToken)
    {
        // The list grows while it is gone through.
        for (var i = 0; i < models.Count; i++)
        {
            foreach (var step in EnsembleGate.StepsOf(models[i])?.Steps ?? [])
            {
                if (MemberNames.Find(step, models[i].Name, models.Select(static model => model.Name)) is null && await FindAsync(step, models[i].Name, cancellationToken).ConfigureAwait(false) is { } name)
                {
                    models.Add(await read(name).ConfigureAwait(false));
                }
            }
        }

        return [.. models];
    }
}
