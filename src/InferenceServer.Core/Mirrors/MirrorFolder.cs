using System.IO.Abstractions;
using InferenceServer.Core.Repository;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Mirrors;

/// <summary>
/// The folder that copies of remote repositories lie in: the operator's, or a temporary one that goes with the process. One process has it at a time, which its lock sees to however that process ends.
/// </summary>
internal sealed class MirrorFolder : IDisposable
{
    private const string Prefix = "inference-server-repositories-";

    private readonly IFileSystem _files;
    private readonly bool _isTemporary;
    private Stream? _lock;

    /// <summary>Names the folder; nothing is made yet.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="folder">The operator's folder; empty for a temporary one.</param>
    public MirrorFolder(IFileSystem files, string folder)
    {
        _files = files;
        _isTemporary = folder.Length == 0;
        FullPath = _isTemporary ? files.Path.Combine(files.Path.GetTempPath(), Prefix + files.Path.GetRandomFileName()) : files.Path.GetFullPath(folder);
    }

    /// <summary>The folder, absolute.</summary>
    public string FullPath { get; }

    /// <summary>Makes the folder and takes it.</summary>
    /// <exception cref="IOException">Another process has it, or there is no place to write to.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no place to write to.</exception>
    public void Open()
    {
        if (_isTemporary)
        {
            AbandonedFolders.Delete(_files, Prefix);
        }

        MirrorStore.CreatePrivate(_files, FullPath);
        try
        {
            _lock = _files.FileStream.New(_files.Path.Combine(FullPath, AbandonedFolders.LockName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new IOException($"the folder of --repository-cache-directory cannot be locked; is another server using it? Each needs one of its own ({exception.Message})", exception);
        }
    }

    /// <summary>Deletes the copies of repositories that are configured no longer. Nobody would look at them again, or count them.</summary>
    /// <param name="known">The folders, by name, of those that are.</param>
    /// <param name="logger">Where it is told.</param>
    public void Tidy(IReadOnlySet<string> known, ILogger logger)
    {
        foreach (var folder in _files.Directory.EnumerateDirectories(FullPath).Where(IsCopy).ToArray())
        {
            try
            {
                _files.Directory.Delete(folder, recursive: true);
                MirrorLog.Abandoned(logger, _files.Path.GetFileName(folder));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                MirrorLog.NotDeleted(logger, exception);
            }
        }

        bool IsCopy(string folder) =>
            _files.Path.GetFileName(folder) is { Length: 32 } name && name.All(char.IsAsciiHexDigitLower) && !known.Contains(name) && _files.Directory.Exists(_files.Path.Combine(folder, MirrorStore.UnitsName));
    }

    public void Dispose()
    {
        _lock?.Dispose();
        if (_isTemporary && _lock is not null && _files.Directory.Exists(FullPath))
        {
            _files.Directory.Delete(FullPath, recursive: true);
        }

        _lock = null;
    }
}
