using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Finds out what would serve, without serving: every configuration is read, and every version that its policy chooses is loaded, held against its configuration, warmed
/// up and freed again, one at a time.
/// </summary>
public sealed class RepositoryCheck
{
    private readonly RepositoryScanner _scanner;
    private readonly ImmutableArray<BackendDescriptor> _backends;
    private readonly IModelLoader _loader;
    private readonly RepositoryMirrors _mirrors;

    internal RepositoryCheck(RepositoryScanner scanner, IReadOnlyList<IBackend> backends, IModelLoader loader, RepositoryMirrors mirrors)
    {
        _mirrors = mirrors;
        _scanner = scanner;
        _backends = [.. backends.Select(static backend => backend.Descriptor)];
        _loader = loader;
    }

    /// <summary>Checks all models, in the order of their names; ensembles after the models of their steps.</summary>
    /// <exception cref="IOException">A repository cannot be read.</exception>
    public async IAsyncEnumerable<ModelCheck> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _mirrors.FetchAllAsync(cancellationToken).ConfigureAwait(false);
        var models = _scanner.Scan().Models.Select(folder => AspiredModels.From(folder, _backends)).ToArray();
        var ensembles = new EnsembleCheck(models);
        foreach (var model in ensembles.Order())
        {
            var folder = model.Folder!;
            ImmutableArray<string> odd = [.. folder.OddEntries.Select(static entry => $"folder '{entry}' is ignored, a version is a decimal number above 0 without leading zeros")];
            if (model.Problem is not null)
            {
                yield return new ModelCheck(model.Name, null, Lines(model.Problem), odd);
                continue;
            }

            foreach (var version in model.Versions)
            {
                yield return version.Config.Ensemble is null
                    ? await CheckAsync(model.Name, version, odd, ensembles, cancellationToken).ConfigureAwait(false)
                    : ensembles.Check(model, version, odd);
                odd = [];
            }
        }
    }

    private async Task<ModelCheck> CheckAsync(string model, AspiredVersion version, ImmutableArray<string> warnings, EnsembleCheck ensembles, CancellationToken cancellationToken)
    {
        var result = await _loader.LoadAsync(model, version, static () => { }, cancellationToken).ConfigureAwait(false);
        if (result.Served is not { } served)
        {
            return new ModelCheck(model, version.Number, Lines(result.Reason), warnings);
        }

        warnings = [.. warnings, .. served.Config.Warnings.Select(static warning => warning.ToString())];
        ensembles.Note(model, version.Number, served.Config);
        await served.UnloadAsync().ConfigureAwait(false);
        return new ModelCheck(model, version.Number, [], warnings);
    }

    private static ImmutableArray<string> Lines(string text) => [.. text.Split('\n')];
}
