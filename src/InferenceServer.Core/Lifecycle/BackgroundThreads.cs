using System.Runtime.InteropServices;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Threads that get a processor when nobody else wants it: a load may take a second longer, a request must not wait for it. They are kept between two loads, since what the
/// C library holds free for a thread is used again by the same one, and end when there has been no load for a while.
/// </summary>
/// <param name="name">What they are called.</param>
/// <param name="most">The most at once; further work waits.</param>
internal sealed partial class BackgroundThreads(string name, int most)
{
    /// <summary>How much less a thread counts than others where they compete: a tenth.</summary>
    private const int Niceness = 10;

    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private int _threads;
    private int _waiting;

    /// <summary>Has one of the threads do a piece of work.</summary>
    /// <exception cref="OutOfMemoryException">The system gives no thread.</exception>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_waiting <= _work.Count && _threads < most)
            {
                new Thread(Serve) { IsBackground = true, Name = name }.UnsafeStart();
                _threads++;
            }

            _work.Enqueue(() => Do(work, done));
            Monitor.Pulse(_gate);
        }

        return done.Task;
    }

    private static void Do<T>(Func<T> work, TaskCompletionSource<T> done)
    {
        try
        {
            done.SetResult(work());
        }
        catch (Exception exception)
        {
            done.SetException(exception);
        }
    }

    private void Serve()
    {
        Yield();
        while (Take() is { } work)
        {
            work();
        }
    }

    /// <summary>The next piece of work; null when there has been none for a while, and the thread no longer counts.</summary>
    private Action? Take()
    {
        lock (_gate)
        {
            for (var isOver = false; ;)
            {
                if (_work.TryDequeue(out var work))
                {
                    return work;
                }

                if (isOver)
                {
                    _threads--;
                    return null;
                }

                _waiting++;
                isOver = !Monitor.Wait(_gate, s_idle);
                _waiting--;
            }
        }
    }

    private static void Yield()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                // On Linux that is the calling thread, whatever its name says.
                _ = SetPriority(0, 0, Niceness);
            }
            catch (EntryPointNotFoundException)
            {
                // It counts as much as the others then.
            }
        }
        else
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}
