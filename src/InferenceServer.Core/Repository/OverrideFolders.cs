using System.IO.Abstractions;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Keeps the files that come with load requests, each model's in a folder of its own below one temporary folder that belongs to this process
/// alone. Nothing is ever written to a repository. A folder goes when nothing loaded from it is left.
/// </summary>
internal sealed class OverrideFolders(IFileSystem files) : IDisposable
{
    private const string Prefix = "inference-server-overrides-";

    private readonly Lock _lock = new();

    // True once the lifecycle has the folder: before that it belongs to the request that it came with.
    private readonly Dictionary<string, bool> _folders = new(StringComparer.Ordinal);
    private string? _root;
    private Stream? _rootLock;
    private long _count;
    private bool _isDisposed;

    /// <summary>True when there are none.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _folders.Count == 0;
            }
        }
    }

    /// <summary>Writes the files and returns their folder.</summary>
    /// <param name="content">The content by path; every path has passed <see cref="OverridePath"/>.</param>
    /// <exception cref="IOException">There is no place to write to, or one path is both a file and a folder.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no place to write to.</exception>
    public string Write(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> content)
    {
        string folder;
        lock (_lock)
        {
            if (_isDisposed)
            {
                throw new IOException("the server is stopping");
            }

            _root ??= CreateRoot();
            folder = files.Path.Combine(_root, (_count++).ToString(System.Globalization.CultureInfo.InvariantCulture));
            _folders.Add(folder, false);
        }

        try
        {
            files.Directory.CreateDirectory(folder);
            foreach (var (path, bytes) in content)
            {
                var file = files.Path.Combine(folder, path);
                files.Directory.CreateDirectory(files.Path.GetDirectoryName(file)!);
                using var stream = files.FileStream.New(file, FileMode.CreateNew, FileAccess.Write, FileShare.None);
                stream.Write(bytes.Span);
            }

            return folder;
        }
        catch
        {
            Delete(folder);
            throw;
        }
    }

    /// <summary>The lifecycle has taken over what lies in the folder, if it is one of these.</summary>
    public void HandOver(string? folder)
    {
        lock (_lock)
        {
            if (folder is not null && _folders.ContainsKey(folder))
            {
                _folders[folder] = true;
            }
        }
    }

    /// <summary>Deletes a folder unless the lifecycle has it.</summary>
    /// <exception cref="IOException">The folder cannot be deleted.</exception>
    public void DeleteUnlessHandedOver(string? folder)
    {
        lock (_lock)
        {
            if (folder is null || !_folders.TryGetValue(folder, out var isHandedOver) || isHandedOver)
            {
                return;
            }
        }

        Delete(folder);
    }

    /// <summary>Forgets every folder that the lifecycle had and that is none of these.</summary>
    /// <returns>Those folders, for <see cref="Erase"/>.</returns>
    public string[] TakeUnused(IEnumerable<string> inUse)
    {
        lock (_lock)
        {
            string[] left = [.. _folders.Where(static folder => folder.Value).Select(static folder => folder.Key).Except(inUse, StringComparer.Ordinal)];
            foreach (var folder in left)
            {
                _folders.Remove(folder);
            }

            return left;
        }
    }

    /// <summary>Deletes a folder from disk.</summary>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    public void Erase(string folder)
    {
        if (files.Directory.Exists(folder))
        {
            files.Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Deletes everything.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _folders.Clear();
            _rootLock?.Dispose();
            if (_root is not null && files.Directory.Exists(_root))
            {
                files.Directory.Delete(_root, recursive: true);
            }

            _root = null;
        }
    }

    /// <summary>Makes a folder that nobody else can read, after those of processes that were killed have gone.</summary>
    private string CreateRoot()
    {
        AbandonedFolders.Delete(files, Prefix);
        var root = files.Directory.CreateTempSubdirectory(Prefix).FullName;
        _rootLock = files.FileStream.New(files.Path.Combine(root, AbandonedFolders.LockName), FileMode.CreateNew, FileAccess.Write, FileShare.None);
        return root;
    }

    private void Delete(string folder)
    {
        lock (_lock)
        {
            _folders.Remove(folder);
        }

        Erase(folder);
    }
}
