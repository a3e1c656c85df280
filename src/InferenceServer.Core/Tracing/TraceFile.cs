using System.Buffers;
using System.IO.Abstractions;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// One file of traces: a JSON array that is whole after every trace, so that it can be read while the server runs and after it was killed.
/// A file of that name is replaced.
/// </summary>
internal sealed class TraceFile : IAsyncDisposable
{
    private static readonly byte[] s_terminator = "\n]\n"u8.ToArray();

    private readonly FileSystemStream _stream;
    private readonly ArrayBufferWriter<byte> _buffer = new();

    // Where the next trace goes: behind the last one, over the bracket that ends the array.
    private long _end;

    public TraceFile(IFileSystem files, string path) => _stream = files.FileStream.New(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <summary>How many traces are in it.</summary>
    public long Count { get; private set; }

    /// <summary>Appends the objects of one trace.</summary>
    /// <returns>By how many bytes the traces have grown.</returns>
    /// <exception cref="IOException">The trace is not in the file; the next one takes its place.</exception>
    public async ValueTask<long> AppendAsync(ReadOnlyMemory<byte> objects)
    {
        _buffer.ResetWrittenCount();
        _buffer.Write(Count == 0 ? "[\n"u8 : ",\n"u8);
        _buffer.Write(objects.Span);
        var grown = _buffer.WrittenCount;
        _buffer.Write(s_terminator);
        try
        {
            await WriteAsync(_buffer.WrittenMemory).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // There was room for the bracket before: the file stays whole without this trace.
            _stream.SetLength(_end);
            if (Count > 0)
            {
                await WriteAsync(s_terminator).ConfigureAwait(false);
            }

            throw;
        }

        _end += grown;
        Count++;
        return grown;
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        _stream.Position = _end;
        await _stream.WriteAsync(bytes).ConfigureAwait(false);
        await _stream.FlushAsync().ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
