using System.Globalization;
using System.IO.Abstractions;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// The files that traces go to: the operator's file, or, where a number of traces a file is set, numbered ones beside it. Used by one writer.
/// </summary>
internal sealed class TraceFiles(IFileSystem files, string path, long maxBytes) : IAsyncDisposable
{
    /// <summary>The most numbered files: clients choose how many traces go into each.</summary>
    public const int MaxFiles = 10_000;

    private TraceFile? _whole;
    private TraceFile? _numbered;
    private long _next;
    private long _bytes;

    /// <summary>True when nothing more is written.</summary>
    public bool IsFull => _bytes >= maxBytes || (_next == MaxFiles && _numbered is null);

    /// <summary>Appends the objects of one trace.</summary>
    /// <param name="objects">The objects.</param>
    /// <param name="tracesPerFile">How many traces a numbered file takes; 0 for the one file.</param>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> objects, long tracesPerFile)
    {
        if (tracesPerFile == 0)
        {
            _whole ??= new TraceFile(files, path);
            _bytes += await _whole.AppendAsync(objects).ConfigureAwait(false);
            return;
        }

        if (_numbered is null)
        {
            _numbered = new TraceFile(files, string.Create(CultureInfo.InvariantCulture, $"{path}.{_next}"));
            _next++;
        }

        _bytes += await _numbered.AppendAsync(objects).ConfigureAwait(false);
        if (_numbered.Count >= tracesPerFile)
        {
            var done = _numbered;
            _numbered = null;
            await done.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_whole is not null)
        {
            await _whole.DisposeAsync().ConfigureAwait(false);
        }

        if (_numbered is not null)
        {
            await _numbered.DisposeAsync().ConfigureAwait(false);
        }
    }
}
