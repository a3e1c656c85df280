using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace InferenceServer.Host.Transport;

/// <summary>
/// What several connections of a port share: their memory, and the thread of the pool that goes on with their sending. What is to be sent by many of them at once, as when a batch has ended, is sent by one thread, one after
/// the other.
/// </summary>
/// <param name="memory">What is received into and sent from.</param>
internal sealed class SocketLine(MemoryPool<byte> memory) : PipeScheduler, IThreadPoolWorkItem, IDisposable
{
    private readonly ConcurrentQueue<(Action<object?> Action, object? State)> _work = new();
    private int _isRunning;
    private SocketSender? _sender;

    public MemoryPool<byte> Memory => memory;

    /// <summary>What sends for one connection until it is returned. Most sends are done at once, so that all connections have the same one in turns.</summary>
    public SocketSender RentSender() => Interlocked.Exchange(ref _sender, null) ?? new SocketSender();

    /// <summary>A sender that has nothing to send any more.</summary>
    public void Return(SocketSender sender)
    {
        if (Interlocked.CompareExchange(ref _sender, sender, null) is not null)
        {
            sender.Dispose();
        }
    }

    public override void Schedule(Action<object?> action, object? state)
    {
        _work.Enqueue((action, state));
        RunUnlessRunning();
    }

    public void Dispose()
    {
        _sender?.Dispose();
        memory.Dispose();
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (_work.TryDequeue(out var next))
        {
            next.Action(next.State);
        }

        // Who has put something in between the last look and this has seen that it was running.
        Volatile.Write(ref _isRunning, 0);
        Interlocked.MemoryBarrier();
        if (!_work.IsEmpty)
        {
            RunUnlessRunning();
        }
    }

    private void RunUnlessRunning()
    {
        if (Interlocked.CompareExchange(ref _isRunning, 1, 0) == 0)
        {
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
