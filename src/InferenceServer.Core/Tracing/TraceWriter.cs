using System.Buffers;
using System.IO.Abstractions;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// Writes traces in the background, one after another. Requests never wait for it: a trace that finds no room is dropped. When the server
/// stops it is the last to do so, and writes what it has.
/// </summary>
internal sealed class TraceWriter : IHostedService
{
    // A server that had to break requests off has no time left, and yet these traces are the ones that are wanted.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Channel<RequestTrace> _waiting;
    private readonly TraceOptions _options;
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Task _writing = Task.CompletedTask;
    private long _waitingBytes;
    private long _dropped;
    private int _hasToldOfDrops;
    private bool _hasToldOfFailure;
    private bool _hasToldOfLimit;

    public TraceWriter(TraceOptions options, IFileSystem files, TimeProvider time, ILogger logger)
    {
        _options = options;
        _files = files;
        _time = time;
        _logger = logger;
        _waiting = Channel.CreateBounded<RequestTrace>(new BoundedChannelOptions(options.MaxWaiting) { SingleReader = true });
    }

    /// <summary>A writer without a file, for where nothing is ever traced.</summary>
    public static TraceWriter None { get; } = new(new TraceOptions(), new FileSystem(), TimeProvider.System, NullLogger.Instance);

    /// <summary>How many traces were dropped.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Has a trace written, if there is room for it.</summary>
    public void TryAdd(RequestTrace trace)
    {
        if (Interlocked.Add(ref _waitingBytes, trace.TensorBytes) <= _options.MaxWaitingBytes && _waiting.Writer.TryWrite(trace))
        {
            return;
        }

        Interlocked.Add(ref _waitingBytes, -trace.TensorBytes);
        Interlocked.Increment(ref _dropped);
        if (Interlocked.Exchange(ref _hasToldOfDrops, 1) == 0)
        {
            TraceLog.Dropping(_logger);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.File.Length > 0)
        {
            _writing = Task.Run(WriteAllAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(s_patience, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A dead disk must not keep the process alive.
            TraceLog.StopTimedOut(_logger);
        }

        if (Dropped > 0)
        {
            TraceLog.Dropped(_logger, Dropped);
        }
    }

    private async Task WriteAllAsync()
    {
        var output = new ArrayBufferWriter<byte>();
        var files = new TraceFiles(_files, _options.File, _options.MaxBytes);
        await using (files.ConfigureAwait(false))
        {
            await foreach (var trace in _waiting.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                await WriteAsync(trace, files, output).ConfigureAwait(false);
                Interlocked.Add(ref _waitingBytes, -trace.TensorBytes);
            }
        }
    }

    private async ValueTask WriteAsync(RequestTrace trace, TraceFiles files, ArrayBufferWriter<byte> output)
    {
        if (files.IsFull)
        {
            Interlocked.Increment(ref _dropped);
            if (!_hasToldOfLimit)
            {
                _hasToldOfLimit = true;
                TraceLog.Full(_logger, _options.MaxBytes);
            }

            return;
        }

        try
        {
            output.ResetWrittenCount();
            TraceJson.Write(output, trace, _time.TimestampFrequency);
            await files.AppendAsync(output.WrittenMemory, trace.Settings.LogFrequency).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Whatever a disk or a tensor has in store costs this trace only: nobody else would write the next one.
            Interlocked.Increment(ref _dropped);
            if (!_hasToldOfFailure)
            {
                _hasToldOfFailure = true;

                // The message of the exception would have the path.
                TraceLog.WriteFailed(_logger, exception.GetType().Name);
            }
        }
    }
}
