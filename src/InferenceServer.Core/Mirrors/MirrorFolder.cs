using System.IO.Abstractions;
using InferenceServer.Core.Repository;

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
