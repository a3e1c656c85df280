using System.ComponentModel;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Bench.SharedMemory;

/// <summary>
/// A POSIX shared memory object of this process. It is read and written through its descriptor: where the system has no memory left for it, that is an error of the call, while touching a mapping would
/// end the process.
/// </summary>
internal sealed class SharedMemoryObject : IDisposable
{
    private readonly SafeFileHandle _handle;
    private bool _isNamed = true;

    private SharedMemoryObject(SafeFileHandle handle, string name, long length)
    {
        _handle = handle;
        Name = name;
        Length = length;
    }

    /// <summary>What its region is called, which no other process and no other object of this one is.</summary>
    public string Name { get; }

    /// <summary>What the system calls it.</summary>
    public string Key => "/" + Name;

    /// <summary>In bytes.</summary>
    public long Length { get; }

    /// <summary>Makes an object, which takes memory as it is written.</summary>
    /// <param name="purpose">What it is for: the last part of its name.</param>
    /// <param name="length">In bytes.</param>
    /// <exception cref="BenchException">The system refuses.</exception>
    public static SharedMemoryObject Make(string purpose, long length)
    {
        // Processes of different containers may have the same number and see the same objects.
        var name = string.Create(CultureInfo.InvariantCulture, $"inference-server-bench-{Environment.ProcessId}-{Guid.NewGuid():N}-{purpose}");
        SafeFileHandle? handle = null;
        try
        {
            handle = SharedMemoryCalls.Make("/" + name);
            var made = new SharedMemoryObject(handle, name, length);
            try
            {
                RandomAccess.SetLength(handle, length);
                return made;
            }
            catch
            {
                made.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            throw new BenchException($"shared memory of {length} bytes cannot be made: {e.Message}", e);
        }
    }

    /// <exception cref="BenchException">The system has no memory for it.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (IOException e)
        {
            throw new BenchException($"shared memory of {Length} bytes cannot be filled: {e.Message}", e);
        }
    }

    /// <summary>Whether it has these bytes at a place.</summary>
    public bool Has(ReadOnlySpan<byte> expected, long offset)
    {
        var part = new byte[Math.Min(expected.Length, 1 << 20)];
        for (var at = 0; at < expected.Length;)
        {
            var read = RandomAccess.Read(_handle, part.AsSpan(0, Math.Min(part.Length, expected.Length - at)), offset + at);
            if (read == 0 || !part.AsSpan(0, read).SequenceEqual(expected.Slice(at, read)))
            {
                return false;
            }

            at += read;
        }

        return true;
    }

    /// <summary>Takes the name away: whoever has opened it keeps it, and however this process ends, the system keeps nothing.</summary>
    /// <exception cref="BenchException">The system refuses.</exception>
    public void RemoveName()
    {
        if (!_isNamed)
        {
            return;
        }

        _isNamed = false;
        try
        {
            SharedMemoryCalls.Remove(Key);
        }
        catch (Win32Exception e)
        {
            throw new BenchException($"the shared memory '{Key}' cannot be removed: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        try
        {
            RemoveName();
        }
        finally
        {
            _handle.Dispose();
        }
    }
}
