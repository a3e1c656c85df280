using System.Collections.Concurrent;

namespace InferenceServer.Core.Mirrors;

/// <summary>
/// Makes the copy of one model be what a listing has found of it. The whole of it is on disk before its name leads there; where that cannot be, the copy stays what it was and the reason is kept.
/// </summary>
internal sealed class ModelMirroring(IRemoteRepository repository, MirrorStore store, ObjectDownload download, MirrorSetup setup)
{
    private readonly ConcurrentDictionary<string, string> _stamps = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _problems = new(StringComparer.Ordinal);

    /// <summary>Why models cannot be mirrored as they are now, by name.</summary>
    public IReadOnlyDictionary<string, string> Problems => _problems;

    /// <summary>The models that there is a copy or a problem of.</summary>
    public IEnumerable<string> Names => _stamps.Keys.Union(_problems.Keys, StringComparer.Ordinal);

    /// <summary>True when the copy is what the listing has found.</summary>
    public bool IsCurrent(RemoteModel model) => _stamps.TryGetValue(model.Name, out var stamp) && stamp == model.Stamp;

    /// <summary>Says why a model cannot be mirrored.</summary>
    public void Refuse(string model, string problem) => _problems[model] = problem;

    /// <summary>Makes the copy. One call a model at a time.</summary>
    /// <returns>True when something was downloaded.</returns>
    public async Task<bool> RunAsync(RemoteModel model, CancellationToken cancellationToken)
    {
        try
        {
            if (model.Problem is not null)
            {
                throw new MirrorProblemException(model.Problem);
            }

            var isNew = await CopyAsync(model, cancellationToken).ConfigureAwait(false);
            _stamps[model.Name] = model.Stamp;
            _problems.TryRemove(model.Name, out _);
            return isNew;
        }
        catch (MirrorProblemException exception)
        {
            _problems[model.Name] = exception.Message;
        }
        catch (Exception exception) when (exception is (IOException or UnauthorizedAccessException) and not RemoteRepositoryException)
        {
            MirrorLog.NotStored(setup.Logger, exception, model.Name);
            _problems[model.Name] = "its copy cannot be written: the folder of --repository-cache-directory is full or cannot be written to";
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or RemoteRepositoryException))
        {
            // Whatever a store has listed that nobody thought of: one model must not end what serves all others.
            MirrorLog.NotStored(setup.Logger, exception, model.Name);
            _problems[model.Name] = "it cannot be copied as the store lists it; the server's log says why";
        }

        return true;
    }

    /// <summary>Removes a model that there is no more.</summary>
    public void Remove(string model)
    {
        try
        {
            store.Remove(model);
            _stamps.TryRemove(model, out _);
            _problems.TryRemove(model, out _);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is still known, so that it is tried again.
            MirrorLog.NotDeleted(setup.Logger, exception);
            _problems[model] = "the store has it no longer, and its copy cannot be deleted: the folder of --repository-cache-directory cannot be written to";
        }
    }

    /// <summary>Nothing leads to the copy of a model any more; it stays until room is needed.</summary>
    public void Release(string model)
    {
        try
        {
            store.Release(model);
            _stamps.TryRemove(model, out _);
            _problems.TryRemove(model, out _);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            MirrorLog.NotDeleted(setup.Logger, exception);
        }
    }

    private async Task<bool> CopyAsync(RemoteModel model, CancellationToken cancellationToken)
    {
        var started = setup.Time.GetTimestamp();
        var units = MirrorPlan.Of(model);
        try
        {
            var counts = new DownloadCounts();
            foreach (var unit in units)
            {
                if (!store.Pin(unit.Id))
                {
                    await BuildAsync(model, unit, counts, cancellationToken).ConfigureAwait(false);
                }
            }

            store.Link(model, units);
            if (counts.Objects > 0)
            {
                MirrorLog.Downloaded(setup.Logger, model.Name, counts.Objects, counts.Bytes, repository.Url, setup.Time.GetElapsedTime(started).TotalMilliseconds);
            }

            return counts.Objects > 0;
        }
        finally
        {
            store.Unpin(units);
        }
    }

    private async Task BuildAsync(RemoteModel model, MirrorUnit unit, DownloadCounts counts, CancellationToken cancellationToken)
    {
        var files = setup.Files;
        var folder = store.NewScratch();
        store.Reserve(unit.Size);
        try
        {
            files.Directory.CreateDirectory(folder);
            if (!model.IsBareFile)
            {
                files.Directory.CreateDirectory(files.Path.Combine(folder, unit.Entry));
            }

            foreach (var below in unit.Files.Keys.Select(files.Path.GetDirectoryName).Where(static below => !string.IsNullOrEmpty(below)).Distinct(StringComparer.Ordinal))
            {
                files.Directory.CreateDirectory(files.Path.Combine(folder, below!));
            }

            foreach (var (path, target) in unit.Links)
            {
                files.Directory.CreateSymbolicLink(files.Path.Combine(folder, path), files.Path.Combine("..", "..", target.Id, target.Entry));
            }

            await WriteAllAsync(model, unit, folder, counts, cancellationToken).ConfigureAwait(false);
            SetTimes(model, folder);
            store.Adopt(unit, model.Name, folder);
        }
        catch
        {
            store.GiveUp(folder, unit.Size);
            throw;
        }
    }

    private async Task WriteAllAsync(RemoteModel model, MirrorUnit unit, string folder, DownloadCounts counts, CancellationToken cancellationToken)
    {
        // The first failure ends the others: what they have got is of no use alone.
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = setup.Options.ParallelDownloads, CancellationToken = failed.Token };
        await Parallel.ForEachAsync(unit.Files, parallel, async (file, stop) =>
        {
            var path = setup.Files.Path.Combine(folder, file.Key);
            if (TryCopy(file.Value, path))
            {
                return;
            }

            try
            {
                await download.RunAsync(repository, model.Name, file.Value, path, stop).ConfigureAwait(false);
            }
            catch (RemoteRepositoryException exception)
            {
                throw new MirrorProblemException($"'{RemoteKeys.Show(file.Value.Key)}' cannot be downloaded: {exception.Message}");
            }

            counts.Add(file.Value.Size);
        }).ConfigureAwait(false);
    }

    /// <summary>Takes a file from another unit; false when there is none.</summary>
    private bool TryCopy(RemoteObject one, string path)
    {
        if (store.Find(one) is not { } known)
        {
            return false;
        }

        try
        {
            setup.Files.File.Copy(known, path);
            ObjectDownload.SetTime(setup.Files, path, one);
            return true;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // It has gone in this moment, with a unit that nothing leads to any more.
            return false;
        }
    }

    /// <summary>Folders were written when their objects were, as far as anybody who scans them is concerned.</summary>
    private void SetTimes(RemoteModel model, string folder)
    {
        if (model.LastWriteUtc <= DateTime.UnixEpoch)
        {
            return;
        }

        foreach (var below in setup.Files.Directory.EnumerateDirectories(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false }))
        {
            setup.Files.Directory.SetLastWriteTimeUtc(below, model.LastWriteUtc);
        }
    }

    private sealed class DownloadCounts
    {
        private int _objects;
        private long _bytes;

        public int Objects => _objects;

        public long Bytes => _bytes;

        public void Add(long bytes)
        {
            Interlocked.Increment(ref _objects);
            Interlocked.Add(ref _bytes, bytes);
        }
    }
}
