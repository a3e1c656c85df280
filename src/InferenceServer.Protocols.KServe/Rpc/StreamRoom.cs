namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// How many requests of one stream may be outstanding. Responses that wait for a client which does not read them hold memory: once it is known how large
/// they become, no more requests are let in than have responses that fit a budget together. For one reader.
/// </summary>
/// <param name="capacity">The most requests, whatever the size of their responses.</param>
/// <param name="maxBytes">What the responses of all outstanding requests may take together; one request is let in in any case.</param>
internal sealed class StreamRoom(int capacity, long maxBytes)
{
    /// <summary>The most requests before the first response has told how large they are.</summary>
    public const int FirstRequests = 16;

    private readonly Lock _lock = new();
    private int _outstanding;
    private int _allowed = Math.Min(capacity, FirstRequests);
    private long _largest;
    private TaskCompletionSource? _waiting;

    /// <summary>Waits until one more request may be outstanding.</summary>
    public Task EnterAsync()
    {
        lock (_lock)
        {
            if (_outstanding < _allowed)
            {
                _outstanding++;
                return Task.CompletedTask;
            }

            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiting.Task;
        }
    }

    /// <summary>A response of that many bytes is there.</summary>
    public void Note(long bytes)
    {
        lock (_lock)
        {
            _largest = Math.Max(_largest, bytes);
            _allowed = (int)Math.Clamp(maxBytes / Math.Max(_largest, 1), 1, capacity);
            LetIn();
        }
    }

    /// <summary>A request has been answered.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _outstanding--;
            LetIn();
        }
    }

    private void LetIn()
    {
        if (_waiting is not null && _outstanding < _allowed)
        {
            _outstanding++;
            _waiting.SetResult();
            _waiting = null;
        }
    }
}
