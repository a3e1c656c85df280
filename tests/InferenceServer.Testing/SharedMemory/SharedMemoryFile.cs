namespace InferenceServer.Testing.SharedMemory;

/// <summary>A POSIX shared memory object of its own name that is gone after the test.</summary>
public sealed class SharedMemoryFile : IDisposable
{
    private readonly FileStream _file;

    public SharedMemoryFile(long length)
    {
        Key = $"/inference-server-test-{Guid.NewGuid():N}";
        _file = new FileStream(FullPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _file.SetLength(length);
    }

    public SharedMemoryFile(ReadOnlySpan<byte> content)
        : this(content.Length) => Write(content);

    /// <summary>What the system calls it.</summary>
    public string Key { get; }

    /// <summary>Where the system keeps it.</summary>
    public string FullPath => "/dev/shm" + Key;

    public long Length
    {
        get => _file.Length;
        set => _file.SetLength(value);
    }

    public void Write(ReadOnlySpan<byte> content, long offset = 0) => RandomAccess.Write(_file.SafeFileHandle, content, offset);

    public byte[] Read(long offset, int length)
    {
        var bytes = new byte[length];
        var read = RandomAccess.Read(_file.SafeFileHandle, bytes, offset);
        return bytes[..read];
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(FullPath);
    }
}
