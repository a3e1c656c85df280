using System.IO.Abstractions;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Keeps the files that come with load requests, each model's in a folder of its own below one temporary folder that belongs to this process
/// alone. Nothing is ever written to a repository. A folder goes when nothing loaded from it is left.
/// </summary>
internal sealed class OverrideFolders(IFileSystem files) : IDisposable
{
    private readonly Lock _lock = new();

    // True once the lifecycle has been seen to use the folder: before that it is still on its way there.
    private readonly Dictionary<string, bool> _folders = new(StringComparer.Ordinal);
    private string? _root;
    private long _count;

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
            // Readable by nobody else.
            _root ??= files.Directory.CreateTempSubdirectory("inference-server-").FullName;
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

    /// <summary>Deletes a folder that nobody will use.</summary>
    public void Delete(string folder)
    {
        lock (_lock)
        {
            if (!_folders.Remove(folder))
            {
                return;
            }
        }

        if (files.Directory.Exists(folder))
        {
            files.Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Deletes every folder that was in use once and is none of these.</summary>
    /// <exception cref="IOException">A folder cannot be deleted.</exception>
    public void Retain(IEnumerable<string> inUse)
    {
        string[] left;
        lock (_lock)
        {
            if (_folders.Count == 0)
            {
                return;
            }

            var used = inUse.Where(_folders.ContainsKey).ToHashSet(StringComparer.Ordinal);
            left = [.. _folders.Where(folder => folder.Value && !used.Contains(folder.Key)).Select(static folder => folder.Key)];
            foreach (var folder in used)
            {
                _folders[folder] = true;
            }
        }

        foreach (var folder in left)
        {
            Delete(folder);
        }
    }

    /// <summary>Deletes everything.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _folders.Clear();
            if (_root is not null && files.Directory.Exists(_root))
            {
                files.Directory.Delete(_root, recursive: true);
            }

            _root = null;
        }
    }
}
