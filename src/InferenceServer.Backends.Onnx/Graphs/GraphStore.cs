using System.Buffers;
using System.IO.Abstractions;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>
/// The folder in which optimised graphs are kept: each in a folder named by its key. An entry is made under another name and appears whole or not at all, and
/// disappears in the same way, so that any number of servers may use one folder without a word between them. Links are removed and never followed.
/// </summary>
internal sealed class GraphStore(GraphCacheOptions options, IFileSystem files, TimeProvider time)
{
    private const string DraftPrefix = ".draft-";
    private const string RemovedPrefix = ".removed-";
    private const int KeyLength = 64;

    /// <summary>What is still under way after this long belongs to a server that is gone.</summary>
    private static readonly TimeSpan s_abandonedAfter = TimeSpan.FromHours(1);

    private static readonly SearchValues<char> s_keyLetters = SearchValues.Create("0123456789abcdef");

    /// <summary>The file of the graph that is kept under a key; null when there is none that can be used.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellation">Ends the check.</param>
    /// <param name="fault">Why one was thrown away; null when none was.</param>
    public string? Find(string key, CancellationToken cancellation, out string? fault)
    {
        var entry = files.DirectoryInfo.New(PathOf(key));
        fault = null;
        if (!Exists(entry))
        {
            return null;
        }

        try
        {
            fault = entry.LinkTarget is not null ? "it is a link" : GraphManifest.FindFault(files, entry.FullName, key, cancellation);
            if (fault is null)
            {
                files.File.SetLastWriteTimeUtc(Path.Combine(entry.FullName, GraphManifest.Name), time.GetUtcNow().UtcDateTime);
                return Path.Combine(entry.FullName, GraphManifest.ModelName);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another server may have made room meanwhile.
            fault = Exists(entry) ? "it cannot be read" : null;
        }

        Remove(key);
        return null;
    }

    /// <summary>Makes a folder for the engine to write to. What comes of it is nobody's before <see cref="Publish"/>.</summary>
    /// <exception cref="IOException">There can be none.</exception>
    /// <exception cref="UnauthorizedAccessException">There can be none.</exception>
    public string BeginDraft()
    {
        files.Directory.CreateDirectory(options.Folder);
        RemoveAbandoned();
        var draft = Path.Combine(options.Folder, DraftPrefix + Guid.NewGuid().ToString("N"));
        files.Directory.CreateDirectory(draft);
        return draft;
    }

    /// <summary>Keeps a draft under its key. Where another server was first, its entry stays.</summary>
    /// <returns>How many bytes it takes; null when that is more than all may take.</returns>
    /// <exception cref="IOException">It cannot be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be kept.</exception>
    public long? Publish(string draft, string key)
    {
        var bytes = GraphManifest.Write(files, draft, key);
        if (bytes > options.MaxBytes)
        {
            return null;
        }

        foreach (var leaving in EvictionPlan.Make([.. Kept().Where(one => one.Key != key)], bytes, options.MaxBytes))
        {
            Remove(leaving.Key);
        }

        if (!Exists(files.DirectoryInfo.New(PathOf(key))))
        {
            files.Directory.Move(draft, PathOf(key));
        }

        return bytes;
    }

    /// <summary>Removes a draft, if it is still one.</summary>
    public void EndDraft(string draft) => TryDelete(draft);

    /// <summary>Throws an entry away.</summary>
    public void Remove(string key)
    {
        var removed = Path.Combine(options.Folder, RemovedPrefix + Guid.NewGuid().ToString("N"));
        try
        {
            // Renamed first: nobody is to find half of it. Of a link it is the link that is renamed, and deleted.
            files.Directory.Move(PathOf(key), removed);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is gone already, or somebody reads it on a system where that holds it.
            return;
        }

        TryDelete(removed);
    }

    private static bool Exists(IDirectoryInfo entry) => entry.Exists || entry.LinkTarget is not null;

    private string PathOf(string key) => Path.Combine(options.Folder, key);

    private List<KeptGraph> Kept()
    {
        var kept = new List<KeptGraph>();
        foreach (var entry in files.DirectoryInfo.New(options.Folder).GetDirectories().Where(static entry => entry.Name.Length == KeyLength && !entry.Name.AsSpan().ContainsAnyExcept(s_keyLetters) && entry.LinkTarget is null))
        {
            try
            {
                var manifest = files.FileInfo.New(Path.Combine(entry.FullName, GraphManifest.Name));
                kept.Add(new KeptGraph(entry.Name, entry.GetFiles().Where(static file => file.LinkTarget is null).Sum(static file => file.Length), manifest.Exists ? manifest.LastWriteTimeUtc : DateTime.MinValue));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It goes at this moment.
            }
        }

        return kept;
    }

    private void RemoveAbandoned()
    {
        var before = (time.GetUtcNow() - s_abandonedAfter).UtcDateTime;
        foreach (var folder in files.DirectoryInfo.New(options.Folder).GetDirectories(".*"))
        {
            if ((folder.Name.StartsWith(DraftPrefix, StringComparison.Ordinal) || folder.Name.StartsWith(RemovedPrefix, StringComparison.Ordinal)) && folder.LastWriteTimeUtc < before)
            {
                TryDelete(folder.FullName);
            }
        }
    }

    private void TryDelete(string folder)
    {
        try
        {
            var info = files.DirectoryInfo.New(folder);
            if (Exists(info))
            {
                // Links in it are deleted, and not what they lead to.
                info.Delete(recursive: info.LinkTarget is null);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next draft finds it.
        }
    }
}
