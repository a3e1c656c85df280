using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace InferenceServer.Host.Transport;

/// <summary>Sends bytes, wherever they lie, by one call of the system. For one sending at a time.</summary>
internal sealed class SocketSender : SocketAsyncEventArgs, IValueTaskSource
{
    // What goes on with the next bytes needs nothing of who wrote these.
    private const bool WithoutContext = true;

    private readonly List<ArraySegment<byte>> _segments = [];
    private ManualResetValueTaskSourceCore<bool> _end;

    public SocketSender()
        : base(WithoutContext)
    {
    }

    /// <summary>Ends when the system has taken all of them.</summary>
    /// <exception cref="SocketException">It has not.</exception>
    public ValueTask SendAsync(Socket socket, ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            SetBuffer(MemoryMarshal.AsMemory(bytes.First));
        }
        else
        {
            AddSegments(bytes);
            BufferList = _segments;
        }

        _end.Reset();
        if (socket.SendAsync(this))
        {
            return new ValueTask(this, _end.Version);
        }

        Finish();
        return default;
    }

    protected override void OnCompleted(SocketAsyncEventArgs e) => _end.SetResult(true);

    void IValueTaskSource.GetResult(short token)
    {
        _end.GetResult(token);
        Finish();
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _end.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _end.OnCompleted(continuation, state, token, flags);

    private void AddSegments(ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            if (!MemoryMarshal.TryGetArray(segment, out var array))
            {
                throw new InvalidOperationException("The memory of a connection is not that of an array.");
            }

            _segments.Add(array);
        }
    }

    private void Finish()
    {
        if (_segments.Count > 0)
        {
            BufferList = null;
            _segments.Clear();
        }
        else
        {
            SetBuffer(default);
        }

        if (SocketError != SocketError.Success)
        {
            throw new SocketException((int)SocketError);
        }
    }
}
