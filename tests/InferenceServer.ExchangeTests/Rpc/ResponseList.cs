namespace InferenceServer.ExchangeTests.Rpc;

/// <summary>The responses of a stream so far, for a writer who waits for them.</summary>
internal sealed class ResponseList
{
    private readonly Lock _lock = new();
    private readonly List<object?> _items = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool HasEnded { get; private set; }

    public List<object?> Items
    {
        get
        {
            lock (_lock)
            {
                return [.. _items];
            }
        }
    }

    public void Add(object? response) => Change(() => _items.Add(response));

    /// <summary>No more come: nobody waits any longer.</summary>
    public void End() => Change(() => HasEnded = true);

    /// <summary>Waits until there are so many, the stream has ended, or patience has.</summary>
    public async Task WaitForAsync(int count, TimeSpan patience, TimeProvider time)
    {
        var end = time.GetUtcNow() + patience;
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_items.Count >= count || HasEnded)
                {
                    return;
                }

                changed = _changed.Task;
            }

            var left = end - time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await Task.WhenAny(changed, Task.Delay(left, time));
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            change();
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
