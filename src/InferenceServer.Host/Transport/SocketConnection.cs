using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace InferenceServer.Host.Transport;

/// <summary>
/// A connection: what comes is put into one pipe, what is in the other is sent. It has ended when both have: by the client, who closes it; by the web server, who completes what is to be sent; or by
/// <see cref="Abort(ConnectionAbortedException)"/>.
/// </summary>
internal sealed class SocketConnection : DefaultConnectionContext, IMemoryPoolFeature
{
    /// <summary>So much may have come that nobody has read; then the client waits.</summary>
    public const long MaxUnreadBytes = 1 << 20;

    /// <summary>So much may have been written that the client has not taken; then the web server waits. Where an answer is larger, its tensors are kept until the rest is written.</summary>
    public const long MaxUnsentBytes = 1 << 19;

    // Less room than this is not worth a call of the system.
    private const int LeastRoom = 2048;

    private readonly Socket _socket;
    private readonly SocketLine _line;
    private readonly PipeWriter _received;
    private readonly PipeReader _unsent;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _isClosed = new();
    private readonly Lock _ending = new();
    private Task _work = Task.CompletedTask;
    private volatile Exception? _reason;
    private bool _hasEnded;

    /// <param name="socket">Is connected, and belongs to this from now on.</param>
    /// <param name="line">What it shares with others.</param>
    public SocketConnection(Socket socket, SocketLine line)
        : base(ConnectionName.Next())
    {
        _socket = socket;
        _line = line;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        var receiving = new Pipe(Options(PipeScheduler.ThreadPool, line, MaxUnreadBytes));
        var sending = new Pipe(Options(line, PipeScheduler.ThreadPool, MaxUnsentBytes));
        _received = receiving.Writer;
        _unsent = sending.Reader;
        Transport = new SocketPipes(receiving.Reader, sending.Writer);
        Application = new SocketPipes(sending.Reader, receiving.Writer);
        Features.Set<IMemoryPoolFeature>(this);
    }

    System.Buffers.MemoryPool<byte> IMemoryPoolFeature.MemoryPool => _line.Memory;

    /// <summary>Begins to receive and to send.</summary>
    public void Start() => _work = RunAsync();

    public override void Abort(ConnectionAbortedException abortReason)
    {
        End(abortReason);
        _unsent.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        Transport.Input.Complete();
        Transport.Output.Complete();
        await _work;
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private static PipeOptions Options(PipeScheduler reader, PipeScheduler writer, SocketLine line, long most) =>
        new(line.Memory, reader, writer, most, most / 2, useSynchronizationContext: false);

    private static PipeOptions Options(PipeScheduler reader, SocketLine writer, long most) => Options(reader, writer, writer, most);

    private static PipeOptions Options(SocketLine reader, PipeScheduler writer, long most) => Options(reader, writer, reader, most);

    private async Task RunAsync()
    {
        var receiving = ReceiveAsync();
        await SendAsync();
        await receiving;
    }

    private async Task ReceiveAsync()
    {
        Exception? error = null;
        try
        {
            var isLikelyIdle = true;
            while (true)
            {
                if (isLikelyIdle)
                {
                    // Without a buffer: thousands of connections may wait here.
                    await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
                }

                var room = _received.GetMemory(LeastRoom);
                var count = await _socket.ReceiveAsync(room, SocketFlags.None);
                if (count == 0)
                {
                    break;
                }

                _received.Advance(count);
                isLikelyIdle = count < room.Length;
                var taken = await _received.FlushAsync();
                if (taken.IsCompleted || taken.IsCanceled)
                {
                    break;
                }
            }
        }
        catch (Exception exception)
        {
            // Whoever reads gets it.
            error = Describe(exception);
        }
        finally
        {
            _received.Complete(_reason ?? error);
            TellClosed();
            await _isClosed.Task;
        }
    }

    private async Task SendAsync()
    {
        Exception? reason = null;
        Exception? failure = null;
        try
        {
            while (true)
            {
                var unsent = await _unsent.ReadAsync();
                if (unsent.IsCanceled)
                {
                    break;
                }

                var bytes = unsent.Buffer;
                if (!bytes.IsEmpty)
                {
                    var sender = _line.RentSender();
                    try
                    {
                        await sender.SendAsync(_socket, bytes);
                    }
                    finally
                    {
                        _line.Return(sender);
                    }
                }

                _unsent.AdvanceTo(bytes.End);
                if (unsent.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception exception)
        {
            // That the client has gone is no failure of what is written: whoever writes is told that nobody takes it. The web server's HTTP/2 says farewell without looking for an exception.
            reason = Describe(exception);
            failure = reason is ConnectionResetException or ConnectionAbortedException ? null : reason;
        }
        finally
        {
            End(reason);
            _unsent.Complete(failure);
            _received.CancelPendingFlush();
        }
    }

    /// <summary>Closes the socket: in order where there is no reason, so that the client has all that was sent, and with a reset where there is one.</summary>
    private void End(Exception? reason)
    {
        lock (_ending)
        {
            if (_hasEnded)
            {
                return;
            }

            _hasEnded = true;
            _reason = reason ?? new ConnectionAbortedException("The connection has ended: all that was to be sent has been sent.");
            if (reason is not null)
            {
                _socket.Close(timeout: 0);
                return;
            }

            try
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // The client was first.
            }

            _socket.Dispose();
        }
    }

    private static Exception Describe(Exception exception) => exception switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown } => new ConnectionResetException(exception.Message, exception),
        SocketException or ObjectDisposedException => new ConnectionAbortedException(exception.Message, exception),
        _ => exception,
    };

    private void TellClosed() => ThreadPool.UnsafeQueueUserWorkItem(
        static connection =>
        {
            try
            {
                connection._closed.Cancel();
                connection._isClosed.SetResult();
            }
            catch (Exception exception)
            {
                // Of somebody who wanted to be told; whoever disposes of the connection gets it.
                connection._isClosed.SetException(exception);
            }
        },
        this,
        preferLocal: false);
}
