using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace InferenceServer.Host.Transport;

/// <summary>
/// What several connections of a port share: their memory, and the thread of the pool that goes on with their sending. What is to be sent by many of them at once, as when a batch has ended, is sent by one thread, one after
/// the other.
/// </summary>
/// <param name="memory">What is received into and sent from.</param>
internal sealed class SocketLine(MemoryPool<byte> memory) : PipeScheduler, IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<(Action<object?> Action, object? State)> _work = new();
    private int _isRunning;

    public MemoryPool<byte> Memory => memory;

    public override void Schedule(Action<object?> action, object? state)
    {
        _work.Enqueue((action, state));
        RunUnlessRunning();
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
