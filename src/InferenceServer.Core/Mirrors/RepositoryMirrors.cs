using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace InferenceServer.Core.Mirrors;

/// <summary>The mirrors of all remote repositories. Without any, every call does nothing.</summary>
internal sealed class RepositoryMirrors : IDisposable
{
    private readonly MirrorFolder _folder;
    private readonly ObjectDownload _download;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly MirrorSetup _setup;
    private Task? _opened;

    /// <summary>Makes the mirrors; nothing is asked and nothing written yet.</summary>
    /// <param name="repositories">The repositories.</param>
    /// <param name="setup">What they share.</param>
    public RepositoryMirrors(IReadOnlyList<IRemoteRepository> repositories, MirrorSetup setup)
    {
        _setup = setup;
        _folder = new MirrorFolder(setup.Files, setup.Options.Directory);
        _download = new ObjectDownload(setup.Files, setup.Options, setup.Time, setup.Logger);
        var budget = new MirrorBudget(setup.Options.MaxBytes);
        Mirrors = [.. repositories.DistinctBy(static repository => repository.Url).Select(repository =>
            new RepositoryMirror(repository, new MirrorStore(setup.Files, setup.Files.Path.Combine(_folder.FullPath, NameOf(repository.Url)), budget, setup.Logger), _download, setup))];
    }

    /// <summary>The mirrors.</summary>
    public ImmutableArray<RepositoryMirror> Mirrors { get; }

    /// <summary>The mirror whose folder this is; null for any other folder.</summary>
    public RepositoryMirror? FindByFolder(string folder) => Mirrors.FirstOrDefault(mirror => mirror.Folder == folder);

    /// <summary>Takes the folder and sees that every store answers. Done once, however often it is called.</summary>
    /// <exception cref="IOException">The folder cannot be had, or a store does not answer.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be had.</exception>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return (_opened ??= Mirrors.IsEmpty ? Task.CompletedTask : Task.Run(OpenCoreAsync, CancellationToken.None)).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Mirrors every model of every repository.</summary>
    /// <exception cref="IOException">The folder cannot be had, or a repository cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be had.</exception>
    public Task FetchAllAsync(CancellationToken cancellationToken) => InOrderAsync(static (mirror, stop) => mirror.FetchAllAsync(stop), cancellationToken);

    /// <summary>Mirrors one model of every repository that has it.</summary>
    /// <returns>The mirrors whose stores could not be asked, and why.</returns>
    /// <exception cref="IOException">The folder cannot be had.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be had.</exception>
    public Task<IReadOnlyList<(RepositoryMirror Mirror, string Reason)>> FetchAsync(string name, CancellationToken cancellationToken) => FetchAsync(Mirrors, name, cancellationToken);

    /// <summary>As the other one, of one namespace alone.</summary>
    /// <returns>The mirrors whose stores could not be asked, and why.</returns>
    /// <exception cref="IOException">The folder cannot be had.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be had.</exception>
    public Task<IReadOnlyList<(RepositoryMirror Mirror, string Reason)>> FetchAsync(string space, string name, CancellationToken cancellationToken) =>
        FetchAsync([.. Mirrors.Where(mirror => mirror.Namespace == space)], name, cancellationToken);

    /// <summary>Has the copies of a model that nobody uses make room when another one needs it.</summary>
    /// <param name="space">The namespace of the only repository that is meant; null for all.</param>
    /// <param name="name">The model's name in it.</param>
    public async Task ReleaseAsync(string? space, string name)
    {
        try
        {
            await Task.WhenAll(Mirrors.Where(mirror => space is null || mirror.Namespace == space).Select(mirror => mirror.ReleaseAsync(name, _stopping.Token))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The server stops, and nobody needs room any more.
        }
    }

    /// <summary>Asks every store whether it has a model.</summary>
    /// <returns>The mirrors that have it; those whose stores could not be asked, with why.</returns>
    /// <exception cref="IOException">The folder cannot be had.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be had.</exception>
    public async Task<IReadOnlyList<(RepositoryMirror Mirror, string? Reason)>> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (Mirrors.IsEmpty)
        {
            return [];
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, cancellationToken);
        await OpenAsync(either.Token).ConfigureAwait(false);
        var found = await Task.WhenAll(Mirrors.Select(mirror => AskAsync(mirror, name, either.Token))).ConfigureAwait(false);
        return [.. found.Where(static one => one.Has || one.Reason is not null).Select(static one => (one.Mirror, one.Reason))];
    }

    /// <summary>The names of all models, each with its mirror, from listings alone; those of earlier ones where a store does not answer.</summary>
    public async Task<IEnumerable<(RepositoryMirror Mirror, string Name)>> ListNamesAsync()
    {
        var names = await Task.WhenAll(Mirrors.Select(async mirror => (Mirror: mirror, Names: await mirror.ListNamesAsync(_stopping.Token).ConfigureAwait(false)))).ConfigureAwait(false);
        return names.SelectMany(static one => one.Names.Select(name => (one.Mirror, name)));
    }

    /// <summary>Mirrors what is there and settled, then ends; what comes after that is followed by the task in the result.</summary>
    /// <exception cref="IOException">The folder cannot be had, or a repository cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be had.</exception>
    public async Task<Func<Task>> BeginFollowingAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        var followers = Mirrors.ToDictionary(static mirror => mirror, mirror => new MirrorFollower(mirror, _setup, interval));
        await InOrderAsync((mirror, stop) => followers[mirror].BeginAsync(stop), cancellationToken).ConfigureAwait(false);
        return () => Task.WhenAll(followers.Values.Select(follower => follower.RunAsync(cancellationToken)));
    }

    /// <summary>Ends what is going on, since the server stops.</summary>
    public Task StopAsync() => _stopping.CancelAsync();

    public void Dispose()
    {
        foreach (var mirror in Mirrors)
        {
            mirror.Dispose();
        }

        _download.Dispose();
        _stopping.Dispose();
        _folder.Dispose();
    }

    private async Task<IReadOnlyList<(RepositoryMirror Mirror, string Reason)>> FetchAsync(ImmutableArray<RepositoryMirror> mirrors, string name, CancellationToken cancellationToken)
    {
        if (mirrors.IsEmpty)
        {
            return [];
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, cancellationToken);
        await OpenAsync(either.Token).ConfigureAwait(false);
        var reasons = await Task.WhenAll(mirrors.Select(mirror => mirror.FetchAsync(name, either.Token))).ConfigureAwait(false);
        return [.. mirrors.Zip(reasons).Where(static one => one.Second is not null).Select(static one => (one.First, one.Second!))];
    }

    private static async Task<(RepositoryMirror Mirror, bool Has, string? Reason)> AskAsync(RepositoryMirror mirror, string name, CancellationToken cancellationToken)
    {
        try
        {
            return (mirror, await mirror.HasAsync(name, cancellationToken).ConfigureAwait(false), null);
        }
        catch (RemoteRepositoryException exception)
        {
            return (mirror, false, exception.Message);
        }
    }

    /// <summary>A folder's name that tells addresses apart.</summary>
    private static string NameOf(string url) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url)).AsSpan(0, 16));

    private async Task OpenCoreAsync()
    {
        _folder.Open();
        _folder.Tidy(Mirrors.Select(static mirror => NameOf(mirror.Url)).ToHashSet(StringComparer.Ordinal), _setup.Logger);
        foreach (var mirror in Mirrors)
        {
            mirror.Open();
        }

        await Task.WhenAll(Mirrors.Select(mirror => NamedAsync(mirror, mirror.ProbeAsync(_stopping.Token)))).ConfigureAwait(false);
    }

    private async Task InOrderAsync(Func<RepositoryMirror, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(Mirrors.Select(mirror => NamedAsync(mirror, work(mirror, cancellationToken)))).ConfigureAwait(false);
    }

    /// <summary>Whoever reads the log wants to know which of several repositories it was.</summary>
    private static async Task NamedAsync(RepositoryMirror mirror, Task work)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (RemoteRepositoryException exception)
        {
            throw new RemoteRepositoryException($"{mirror.Url}: {exception.Message}", exception);
        }
    }
}
