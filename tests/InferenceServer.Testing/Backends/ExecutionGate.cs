namespace InferenceServer.Testing.Backends;

/// <summary>Holds executions until the test lets them pass, and tells the test when one has arrived.</summary>
public sealed class ExecutionGate : IDisposable
{
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly SemaphoreSlim _passes = new(0);
    private volatile bool _isOpen;
    private int _count;

    /// <summary>How many executions have arrived so far.</summary>
    public int Arrived => Volatile.Read(ref _count);

    /// <summary>Waits until one more execution stands at the gate.</summary>
    public Task WaitForArrivalAsync() => _arrived.WaitAsync(TestTimeouts.Phase).ContinueWith(
        static task => task.Result ? true : throw new TimeoutException("no execution arrived at the gate"), TaskScheduler.Default);

    /// <summary>The same for so long at most; false where none has come.</summary>
    public Task<bool> TryWaitForArrivalAsync(TimeSpan timeout) => _arrived.WaitAsync(timeout);

    /// <summary>Lets one execution pass.</summary>
    public void PassOne() => _passes.Release();

    /// <summary>Lets every execution pass from now on.</summary>
    public void Open()
    {
        _isOpen = true;
        _passes.Release(1000);
    }

    public void Dispose()
    {
        _arrived.Dispose();
        _passes.Dispose();
    }

    /// <summary>Stands at the gate until it is let pass.</summary>
    public void Pass(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _count);
        _arrived.Release();
        if (!_isOpen)
        {
            _passes.Wait(cancellation);
        }
    }
}
