using System.Collections.Immutable;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Mirrors;

/// <summary>
/// Keeps a folder that looks like one remote repository: all of its models, those that are asked for, or all of them again and again. What is not whole is never to be seen in it.
/// </summary>
internal sealed class RepositoryMirror(IRemoteRepository repository, MirrorStore store, ObjectDownload download, MirrorSetup setup) : IDisposable
{
    /// <summary>How many times a repository is listed that changes while it is downloaded.</summary>
    private const int MaxRounds = 4;

    /// <summary>Requests for different models rarely wait for each other; for as many names as clients make up there are no more than these.</summary>
    private const int Stripes = 64;

    /// <summary>How long somebody waits who asks for the index.</summary>
    private static readonly TimeSpan s_indexPatience = TimeSpan.FromSeconds(10);

    private volatile IReadOnlySet<string> _listed = new HashSet<string>();

    private readonly ModelMirroring _models = new(repository, store, download, setup);
    private readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, Stripes).Select(static _ => new SemaphoreSlim(1))];

    /// <summary>The folder that is scanned.</summary>
    public string Folder => store.Models;

    /// <summary>The folder that all of its files lie in.</summary>
    public string Root => store.Root;

    /// <summary>What the log calls it.</summary>
    public string Url => repository.Url;

    /// <summary>The namespace that it is, where each repository is one.</summary>
    public string Namespace { get; } = ModelNamespaces.OfUrl(repository.Url);

    /// <summary>Why models cannot be mirrored as they are now, by name.</summary>
    public IReadOnlyDictionary<string, string> Problems => _models.Problems;

    /// <summary>The models that there is a copy or a problem of.</summary>
    public IEnumerable<string> Names => _models.Names;

    /// <summary>Makes the folders.</summary>
    /// <exception cref="IOException">There is no place to write to.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no place to write to.</exception>
    public void Open() => store.Open();

    /// <summary>Sees that the store answers.</summary>
    /// <exception cref="RemoteRepositoryException">It does not, for the last time.</exception>
    public Task ProbeAsync(CancellationToken cancellationToken) => PatientlyAsync(async stop =>
    {
        await foreach (var _ in repository.ListNamesAsync(stop).ConfigureAwait(false))
        {
            break;
        }

        return true;
    }, cancellationToken);

    /// <summary>Mirrors every model. What cannot be mirrored is a problem of that model.</summary>
    /// <exception cref="RemoteRepositoryException">The repository cannot be listed.</exception>
    public async Task FetchAllAsync(CancellationToken cancellationToken)
    {
        var tried = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var round = 1; ; round++)
        {
            // What comes while it is listed is no matter of this listing.
            var before = Names.ToArray();
            var found = await PatientlyAsync(stop => ListAsync("", stop), cancellationToken).ConfigureAwait(false);
            foreach (var gone in before.Where(name => !found.ContainsKey(name)))
            {
                await RemoveAsync(gone, cancellationToken).ConfigureAwait(false);
            }

            var wanted = found.Values.Where(model => !_models.IsCurrent(model) && tried.GetValueOrDefault(model.Name) != model.Stamp).ToArray();
            if (round == MaxRounds)
            {
                RefuseUnsettled(wanted);
                wanted = [];
            }

            var isDownloaded = await Task.WhenAll(wanted.Select(model => RunAsync(model, cancellationToken))).ConfigureAwait(false);
            foreach (var model in wanted)
            {
                tried[model.Name] = model.Stamp;
            }

            // It has been listed again after the last download, and was the same.
            if (!isDownloaded.Contains(true))
            {
                store.Tidy(found.ContainsKey);
                return;
            }
        }
    }

    /// <summary>Asks the store whether it has a model, without downloading any of it.</summary>
    /// <exception cref="RemoteRepositoryException">The store does not answer.</exception>
    public async Task<bool> HasAsync(string name, CancellationToken cancellationToken) =>
        (await PatientlyAsync(stop => ListAsync(name, stop), cancellationToken).ConfigureAwait(false)).ContainsKey(name);

    /// <summary>Mirrors one model, if there is one of the name. What keeps it from being mirrored is among <see cref="Problems"/> then.</summary>
    /// <returns>Why the store could not be asked; null when it could.</returns>
    public async Task<string?> FetchAsync(string name, CancellationToken cancellationToken)
    {
        var stripe = StripeOf(name);
        await stripe.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            string? tried = null;
            for (var round = 1; ; round++)
            {
                var model = (await PatientlyAsync(stop => ListAsync(name, stop), cancellationToken).ConfigureAwait(false)).GetValueOrDefault(name);
                if (model is null)
                {
                    _models.Remove(name);
                    return null;
                }

                if (tried == model.Stamp || (_models.IsCurrent(model) && !Problems.ContainsKey(name)))
                {
                    return null;
                }

                if (round == MaxRounds)
                {
                    RefuseUnsettled([model]);
                    return null;
                }

                if (!await _models.RunAsync(model, cancellationToken).ConfigureAwait(false))
                {
                    return null;
                }

                tried = model.Stamp;
            }
        }
        catch (RemoteRepositoryException exception)
        {
            return exception.Message;
        }
        finally
        {
            stripe.Release();
        }
    }

    /// <summary>The names of all models, from a listing alone; those of the last one where the store does not answer, or not soon.</summary>
    public async Task<IReadOnlySet<string>> ListNamesAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(s_indexPatience, setup.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return _listed = await ReadNamesAsync(either.Token).ConfigureAwait(false);
        }
        catch (RemoteRepositoryException exception)
        {
            MirrorLog.IndexIsOld(setup.Logger, Url, exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            MirrorLog.IndexIsOld(setup.Logger, Url, "the store did not answer in time");
        }

        return _listed.Union(Names, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
    }

    private async Task<IReadOnlySet<string>> ReadNamesAsync(CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var count = 0;
        await foreach (var key in repository.ListNamesAsync(cancellationToken).ConfigureAwait(false))
        {
            Count(ref count);
            if (RemoteListing.NameOf(key, setup.BareExtensions) is { } name)
            {
                names.Add(name);
            }
        }

        return names;
    }

    /// <summary>All models as they are listed now.</summary>
    /// <exception cref="RemoteRepositoryException">The repository cannot be listed.</exception>
    public Task<ImmutableSortedDictionary<string, RemoteModel>> ListAsync(CancellationToken cancellationToken) => ListAsync("", cancellationToken);

    /// <summary>As <see cref="ListAsync(CancellationToken)"/>, tried a few times.</summary>
    /// <exception cref="RemoteRepositoryException">The repository cannot be listed.</exception>
    public Task<ImmutableSortedDictionary<string, RemoteModel>> ListPatientlyAsync(CancellationToken cancellationToken) => PatientlyAsync(stop => ListAsync("", stop), cancellationToken);

    /// <summary>True when nothing is to be done for a model that was listed.</summary>
    public bool IsCurrent(RemoteModel model) => _models.IsCurrent(model) && !Problems.ContainsKey(model.Name);

    /// <summary>Mirrors one model as it was listed.</summary>
    /// <returns>True when something was downloaded, or could not be.</returns>
    public async Task<bool> RunAsync(RemoteModel model, CancellationToken cancellationToken)
    {
        var stripe = StripeOf(model.Name);
        await stripe.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _models.RunAsync(model, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            stripe.Release();
        }
    }

    /// <summary>Removes a model that there is no more.</summary>
    public Task RemoveAsync(string model, CancellationToken cancellationToken) => AloneAsync(model, () => _models.Remove(model), cancellationToken);

    /// <summary>Has the copy of a model that nobody uses make room when another one needs it.</summary>
    public Task ReleaseAsync(string model, CancellationToken cancellationToken) => AloneAsync(model, () => _models.Release(model), cancellationToken);

    private async Task AloneAsync(string model, Action change, CancellationToken cancellationToken)
    {
        var stripe = StripeOf(model);
        await stripe.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            change();
        }
        finally
        {
            stripe.Release();
        }
    }

    /// <summary>Deletes what models led to before their last change.</summary>
    public void DeletePrevious() => store.DeletePrevious();

    /// <summary>Deletes what is stored of models that there are no more.</summary>
    public void Tidy(Func<string, bool> isThere) => store.Tidy(isThere);

    public void Dispose()
    {
        foreach (var stripe in _locks)
        {
            stripe.Dispose();
        }

        (repository as IDisposable)?.Dispose();
    }

    private SemaphoreSlim StripeOf(string name) => _locks[(uint)StringComparer.Ordinal.GetHashCode(name) % Stripes];

    private void RefuseUnsettled(IEnumerable<RemoteModel> models)
    {
        foreach (var model in models)
        {
            _models.Refuse(model.Name, $"it is being written to: {MaxRounds} listings in a row found it different");
        }
    }

    private async Task<ImmutableSortedDictionary<string, RemoteModel>> ListAsync(string name, CancellationToken cancellationToken)
    {
        string[] starts = name.Length == 0 ? [""] : [name + "/", .. setup.BareExtensions.Select(extension => name + extension)];
        var objects = new List<RemoteObject>();
        var count = 0;
        foreach (var start in starts)
        {
            await foreach (var one in repository.ListAsync(start, cancellationToken).ConfigureAwait(false))
            {
                Count(ref count);

                // A name with an extension may begin other names.
                if (start.Length == 0 || start.EndsWith('/') || one.Key == start)
                {
                    objects.Add(one);
                }
            }
        }

        return RemoteListing.Read(objects, setup.BareExtensions);
    }

    private void Count(ref int count)
    {
        if (++count > setup.Options.MaxObjects)
        {
            throw new RemoteRepositoryException($"the repository has more than {setup.Options.MaxObjects} objects");
        }
    }

    private async Task<T> PatientlyAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(cancellationToken).ConfigureAwait(false);
            }
            catch (RemoteRepositoryException exception) when (exception.IsTransient && attempt < setup.Options.Attempts)
            {
                MirrorLog.Retried(setup.Logger, Url, attempt, setup.Options.Attempts - 1, exception.Message);
            }

            await Task.Delay(ObjectDownload.PauseBefore(attempt), setup.Time, cancellationToken).ConfigureAwait(false);
        }
    }
}
