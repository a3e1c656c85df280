using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Wakes whoever waits for the next scan when something happens in a repository. It only ever makes a scan come early: where changes cannot be watched (network file
/// systems, too many folders for the system's limit), they are found a little later.
/// </summary>
internal sealed class RepositoryWatch : IDisposable
{
    private readonly IFileSystem _files;
    private readonly ImmutableArray<string> _folders;
    private ImmutableArray<IFileSystemWatcher> _watchers = [];
    private readonly SemaphoreSlim _woken = new(0, 1);
    private readonly ILogger _logger;
    private readonly TimeProvider _time;

    public RepositoryWatch(IFileSystem files, IEnumerable<string> folders, TimeProvider time, ILogger<RepositoryWatch> logger)
    {
        _logger = logger;
        _time = time;
        _files = files;
        _folders = [.. folders];
    }

    /// <summary>Begins to watch; the folders must be there by now.</summary>
    public void Start() => _watchers = [.. _folders.Select(folder => Watch(_files, folder)).OfType<IFileSystemWatcher>()];

    /// <summary>Waits for a change, or for so long. A change since the last wait counts.</summary>
    /// <exception cref="OperationCanceledException">The token was signalled.</exception>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(atMost, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await _woken.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    public void Dispose()
    {
        foreach (var watcher in _watchers)
        {
            watcher.Dispose();
        }

        _woken.Dispose();
    }

    private IFileSystemWatcher? Watch(IFileSystem files, string folder)
    {
        IFileSystemWatcher? watcher = null;
        try
        {
            watcher = files.FileSystemWatcher.New(folder);
            watcher.IncludeSubdirectories = true;
            watcher.NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size;
            watcher.Changed += (_, _) => Wake();
            watcher.Created += (_, _) => Wake();
            watcher.Deleted += (_, _) => Wake();
            watcher.Renamed += (_, _) => Wake();
            watcher.Error += (_, failure) =>
            {
                LifecycleLog.WatchFailed(_logger, failure.GetException());
                Wake();
            };
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or NotImplementedException)
        {
            watcher?.Dispose();
            LifecycleLog.WatchFailed(_logger, exception);
            return null;
        }
    }

    private void Wake()
    {
        try
        {
            _woken.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It is awake already, or gone.
        }
    }
}
