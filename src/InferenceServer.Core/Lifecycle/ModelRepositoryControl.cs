using System.Collections.Concurrent;
using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Lists, loads and unloads models by name. What a request asks for is read and checked here, before the lifecycle hears of it, so that a
/// request that cannot be fulfilled changes nothing.
/// </summary>
internal sealed class ModelRepositoryControl(
    RepositoryScanner scanner,
    OverrideFolders overrides,
    IReadOnlyList<IBackend> backends,
    ModelManager manager,
    ModelControlMode mode,
    ILogger<ModelRepositoryControl> logger)
{
    /// <summary>How a configuration that came with a request is called in messages.</summary>
    private const string OverrideName = "config";

    /// <summary>The most names whose last refusal is remembered.</summary>
    private const int MaxRefusals = 4096;

    /// <summary>Requests for different models rarely wait for each other; for as many names as clients make up there are no more than these.</summary>
    private const int Gates = 1024;

    private static readonly Task<LoadFailure?> s_none = Task.FromResult<LoadFailure?>(null);

    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, Gates).Select(static _ => new SemaphoreSlim(1))];

    /// <summary>The mirrors of remote repositories; null for none.</summary>
    public RepositoryMirrors? Mirrors { get; init; }

    /// <summary>What has been read already of what serves at start; null for nothing.</summary>
    public InitialReading? Initial { get; init; }

    private ModelNameResolver Names => field ??= new ModelNameResolver(scanner, Mirrors);

    private MemberFinder Members => field ??= new MemberFinder(scanner, Names);

    private readonly ImmutableArray<BackendDescriptor> _backends = [.. backends.Select(static backend => backend.Descriptor)];

    // Why the last load of a model that the lifecycle never heard of was refused; null when the index is to pass over it.
    private readonly ConcurrentDictionary<string, string?> _refusals = new(StringComparer.Ordinal);

    /// <summary>What is to serve at start: everything, or the models of these names.</summary>
    /// <param name="names">The names; <c>*</c> alone for every model. They count in explicit mode only.</param>
    /// <param name="stopping">Signalled when the server stops.</param>
    /// <exception cref="IOException">A repository cannot be read.</exception>
    public async Task<ImmutableArray<AspiredModel>> InitialAsync(ImmutableArray<string> names, CancellationToken stopping)
    {
        if (Initial is not null || mode == ModelControlMode.None || names is ["*"])
        {
            await (Mirrors?.FetchAllAsync(stopping) ?? Task.CompletedTask).ConfigureAwait(false);
            var (snapshot, wanted) = Initial is not null ? await Initial.TakeAsync().ConfigureAwait(false) : AspiredModels.Read(scanner, _backends);
            Warn(snapshot.Models);
            return wanted;
        }

        await (Mirrors?.OpenAsync(stopping) ?? Task.CompletedTask).ConfigureAwait(false);
        var models = await Task.WhenAll(names.Distinct(StringComparer.Ordinal).Select(name => InitialAsync(name, stopping))).ConfigureAwait(false);

        // A model may have been named by its plain and by its whole name.
        return await Members.AddAsync([.. models.DistinctBy(static model => model.Name)], name => InitialAsync(name, stopping), stopping).ConfigureAwait(false);
    }

    /// <summary>The index: what lies in the repositories now, and what has become of it here.</summary>
    /// <exception cref="IOException">A repository cannot be read.</exception>
    public async Task<ImmutableArray<ModelIndexEntry>> ListAsync(bool readyOnly)
    {
        var names = scanner.ListNames().Union(await RemoteNamesAsync().ConfigureAwait(false), StringComparer.Ordinal);
        var statuses = manager.Statuses.ToLookup(static status => status.Name, StringComparer.Ordinal);
        var entries = names.Order(StringComparer.Ordinal).SelectMany(name => Describe(name, statuses[name].ToArray()));
        return [.. entries.Where(entry => !readyOnly || entry.State is ModelState.Ready or ModelState.Asleep)];
    }

    /// <summary>Loads a model, or loads it anew when its files have changed, and waits until it serves.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="replacement">What is to be loaded in place of what lies in the repository; null for that.</param>
    /// <returns>Why it does not serve, or null. What served before goes on serving then.</returns>
    public async Task<InferenceError?> LoadAsync(string name, ModelOverride? replacement)
    {
        if (Check(name) is { } refusal)
        {
            return refusal;
        }

        string? folder = null;
        try
        {
            var found = await Names.FindAsync(name, CancellationToken.None).ConfigureAwait(false);
            if (found.Error is not null || found.Unreachable is not null)
            {
                return found.Error ?? Unreachable(name, found.Unreachable!.Value.Reason);
            }

            await ForgetAsync(found.Name).ConfigureAwait(false);
            return replacement is { Files.Count: > 0 } && Store(found.Name, replacement, out folder) is { } error
                ? error
                : await LoadAsync(found.Name, replacement, folder).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return RepositoryErrors.LoadFailed(name, new LoadFailure("the server is stopping") { IsRetryable = true });
        }
        finally
        {
            // Unless the lifecycle has taken the files over, nobody will use them.
            overrides.DeleteUnlessHandedOver(folder);
        }
    }

    /// <summary>A plain name that meant nothing at start, or too much, and was a failure since then, means this model now.</summary>
    private async Task ForgetAsync(string name)
    {
        if (scanner.TrySplit(name, out _, out var plain) && manager.Aspired.GetValueOrDefault(plain) is { Folder: null })
        {
            await manager.UnloadAsync(plain).ConfigureAwait(false);
        }
    }

    private async Task<InferenceError?> LoadAsync(string name, ModelOverride? replacement, string? folder)
    {
        var (refusal, load) = await BeginWithMembersAsync(name, replacement, folder, []).ConfigureAwait(false);
        return refusal ?? (await load.ConfigureAwait(false) is { } failure ? RepositoryErrors.LoadFailed(name, failure) : null);
    }

    /// <summary>Has a model loaded, and before it, when it is an ensemble, those of its steps that are not. What becomes of these is told by the ensemble.</summary>
    private async Task<(InferenceError? Refusal, Task<LoadFailure?> Load)> BeginWithMembersAsync(string name, ModelOverride? replacement, string? folder, HashSet<string> begun)
    {
        begun.Add(name);
        AspiredModel? ensemble = null;
        var (refusal, load) = await InOrderAsync(name, () => BeginLoadAsync(name, replacement, folder, model => ensemble = model)).ConfigureAwait(false);
        if (ensemble is null)
        {
            return (refusal, load);
        }

        foreach (var step in EnsembleGate.StepsOf(ensemble)!.Steps)
        {
            if (MemberNames.Find(step, name, manager.Aspired.Keys.Concat(begun)) is null && await Members.FindAsync(step, name, CancellationToken.None).ConfigureAwait(false) is { } member)
            {
                await BeginWithMembersAsync(member, null, null, begun).ConfigureAwait(false);
            }
        }

        return await InOrderAsync(name, () => BeginLoadAsync(name, replacement, folder, null)).ConfigureAwait(false);
    }

    /// <summary>One look at a model, and what is asked for by it, at a time: what was seen earlier must not overtake what was seen later.</summary>
    private async Task<T> InOrderAsync<T>(string name, Func<Task<T>> work)
    {
        var gate = _gates[(uint)StringComparer.Ordinal.GetHashCode(name) % Gates];
        await gate.WaitAsync().ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Looks at what there is and asks for it to be loaded; does not wait for that.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="replacement">What is to be loaded in place of what lies in the repository; null for that.</param>
    /// <param name="folder">The files of the replacement; null when it has none.</param>
    /// <param name="onEnsemble">Called in place of the load when the model is an ensemble; null to have that loaded too.</param>
    private async Task<(InferenceError? Refusal, Task<LoadFailure?> Load)> BeginLoadAsync(string name, ModelOverride? replacement, string? folder, Action<AspiredModel>? onEnsemble)
    {
        var unreachable = folder is null ? await Names.FetchAsync(name, CancellationToken.None).ConfigureAwait(false) : [];
        var found = folder is null ? scanner.Scan(name) : scanner.ReadOutside(name, folder);
        if (unreachable.Count > 0 && (found is null || unreachable.Any(one => found.Path.StartsWith(one.Mirror.Folder, StringComparison.Ordinal))))
        {
            return (Unreachable(name, unreachable[0].Reason), s_none);
        }

        if (found is null)
        {
            return (RepositoryErrors.NotFound(name), s_none);
        }

        Warn([found]);
        var model = replacement is null ? AspiredModels.From(found, _backends)
            : AspiredModels.From(found, ModelConfigDocument.ReadJson(OverrideName, replacement.Config), _backends) with { HasConfigOverride = folder is null };
        if (model.Problem is { } problem)
        {
            return (Refuse(model, problem), s_none);
        }

        if (onEnsemble is not null && EnsembleGate.StepsOf(model) is not null)
        {
            onEnsemble(model);
            return (null, s_none);
        }

        _refusals.TryRemove(name, out _);
        return (null, manager.LoadAsync(replacement is null ? KeepOverride(model) : model));
    }

    /// <summary>Unloads a model; ends when no new request gets to it. A name that is not known is unloaded already.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="withMembers">True to unload, with an ensemble, the models of its steps that no other ensemble uses.</param>
    public async Task<InferenceError?> UnloadAsync(string name, bool withMembers)
    {
        if (Check(name) is { } refusal)
        {
            return refusal;
        }

        var found = Names.FindLoaded(name, manager.Aspired);
        var members = withMembers && found.Error is null ? MemberSelection.OnlyOf(found.Name, manager.Aspired) : [];
        await UnloadAsync(found).ConfigureAwait(false);
        foreach (var member in members)
        {
            await UnloadAsync(new ResolvedName(member)).ConfigureAwait(false);
        }

        return found.Error;
    }

    private async Task UnloadAsync(ResolvedName found)
    {
        if (found.Error is null && Mirrors is not { Mirrors.IsEmpty: false })
        {
            // Nothing but copies has to be put in order: a disk that hangs in a look must not hold this up.
            await manager.UnloadAsync(found.Name).ConfigureAwait(false);
        }
        else if (found.Error is null)
        {
            // A load that comes now finds the copy linked again, or not at all.
            await InOrderAsync(found.Name, async () =>
            {
                await manager.UnloadAsync(found.Name).ConfigureAwait(false);
                scanner.TrySplit(found.Name, out var space, out var plain);
                await (Mirrors?.ReleaseAsync(space, plain) ?? Task.CompletedTask).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }
    }

    /// <summary>What a model that a scan has found should serve.</summary>
    public AspiredModel Read(ModelFolder folder)
    {
        Warn([folder]);
        return AspiredModels.From(folder, _backends);
    }

    private async Task<AspiredModel> InitialAsync(string name, CancellationToken stopping)
    {
        if (!Names.IsValid(name))
        {
            return Missing(name);
        }

        var found = await Names.FindAsync(name, stopping).ConfigureAwait(false);
        if (found.Error is not null)
        {
            return new AspiredModel(name, [], found.Error.Message);
        }

        var unreachable = await Names.FetchAsync(found.Name, stopping).ConfigureAwait(false) is [var store, ..] ? store : found.Unreachable;
        if (unreachable is var (mirror, reason))
        {
            throw new RemoteRepositoryException($"{mirror.Url}: {reason}");
        }

        return scanner.Scan(found.Name) is { } folder ? Read(folder) : Missing(found.Name);

        static AspiredModel Missing(string name) => new(name, [], "no repository has a model of this name");
    }

    /// <summary>In explicit mode as they are listed now, since nothing but what is loaded has been mirrored; otherwise those that have been.</summary>
    private async Task<IEnumerable<string>> RemoteNamesAsync() =>
        Mirrors is null ? []
        : (mode == ModelControlMode.Explicit ? await Mirrors.ListNamesAsync().ConfigureAwait(false) : Mirrors.Mirrors.SelectMany(static mirror => mirror.Names.Select(name => (Mirror: mirror, Name: name))))
            .Select(one => scanner.NameIn(one.Mirror.Folder, one.Name));

    private InferenceError Unreachable(string name, string reason)
    {
        LifecycleLog.ModelRefused(logger, name, reason);
        manager.Counts.Fail(name);
        return RepositoryErrors.Unreachable(name, reason);
    }

    private void Warn(IEnumerable<ModelFolder> folders)
    {
        foreach (var (model, entry) in folders.SelectMany(static folder => folder.OddEntries.Select(entry => (folder.Name, entry))))
        {
            LifecycleLog.OddVersion(logger, model, entry);
        }
    }

    private static ModelIndexEntry Describe(IGrouping<long?, ModelStatus> version)
    {
        // A replacement that loads, or that has failed, beside what serves takes nothing away.
        var best = version.MinBy(static status => status.State switch
        {
            ModelState.Ready => 0,
            ModelState.New or ModelState.Loading or ModelState.Warming => 1,
            ModelState.Asleep => 2,
            ModelState.Draining => 3,
            ModelState.Failed => 4,
            _ => 5,
        })!;
        var failure = version.FirstOrDefault(status => status.State == ModelState.Failed && status != best);
        return new ModelIndexEntry(best.Name, best.Version, best.State, failure is null ? best.Reason : $"a newer load failed: {failure.Reason}");
    }

    private IEnumerable<ModelIndexEntry> Describe(string name, ModelStatus[] statuses)
    {
        if (statuses.Length > 0)
        {
            return statuses.GroupBy(static status => status.Version).Select(Describe);
        }

        var isRefused = _refusals.TryGetValue(name, out var reason);

        // One entry a version: a model that was to be loaded and turned out to have none has no entry, as in Triton.
        return isRefused && reason is null ? [] : [new ModelIndexEntry(name, null, null, reason ?? "")];
    }

    /// <summary>What refuses every request to load or unload a model of that name; null when nothing does.</summary>
    public InferenceError? Check(string name) =>
        mode != ModelControlMode.Explicit ? RepositoryErrors.NotExplicit(mode)
        : !Names.IsValid(name) ? RepositoryErrors.Name(name)
        : null;

    private InferenceError? Store(string name, ModelOverride replacement, out string? folder)
    {
        folder = null;
        foreach (var path in replacement.Files.Keys)
        {
            if (OverridePath.FindProblem(path) is { } problem)
            {
                return RepositoryErrors.FilePath(name, path, problem);
            }

            if (replacement.Files.Keys.Any(other => other.StartsWith(path + "/", StringComparison.Ordinal)))
            {
                return RepositoryErrors.FilePath(name, path, "another parameter uses it as a folder");
            }
        }

        try
        {
            folder = overrides.Write(replacement.Files);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LifecycleLog.OverrideNotStored(logger, exception, name);
            return RepositoryErrors.NowhereToWrite(name);
        }
    }

    private InferenceError Refuse(AspiredModel model, string problem)
    {
        LifecycleLog.ModelRefused(logger, model.Name, problem);
        manager.Counts.Fail(model.Name);
        if (!manager.Aspired.ContainsKey(model.Name) && (_refusals.Count < MaxRefusals || _refusals.ContainsKey(model.Name)))
        {
            _refusals[model.Name] = model.LacksVersions ? null : problem;
        }

        return model.LacksVersions ? RepositoryErrors.LoadFailed(model.Name, new LoadFailure(problem)) : RepositoryErrors.Refused(model.Name, problem);
    }

    /// <summary>
    /// A plain load asks for what has changed on disk. Where nothing has, a configuration that came with an earlier request stays, as in Triton.
    /// </summary>
    private AspiredModel KeepOverride(AspiredModel model)
    {
        var current = manager.Aspired.GetValueOrDefault(model.Name);
        if (current is not { HasConfigOverride: true, Folder: { } before, Versions: [var version, ..] } || model.Folder is not { } now || !IsServed(current))
        {
            return model;
        }

        var isUnchanged = now.ConfigContent.Span.SequenceEqual(before.ConfigContent.Span) && AspiredModels.From(now, version.Config.Document, _backends).WantsSameAs(current);
        return isUnchanged ? current : model;
    }

    private bool IsServed(AspiredModel model) => model.Versions.All(version =>
        manager.Statuses.Any(status => status.Name == model.Name && status.Version == version.Number && status.State == ModelState.Ready)
        && !manager.Statuses.Any(status => status.Name == model.Name && status.Version == version.Number && status.State == ModelState.Failed));
}
