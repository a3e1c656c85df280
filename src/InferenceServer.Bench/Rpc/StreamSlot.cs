using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Rpc;

/// <summary>One of the requests in flight on a stream.</summary>
internal sealed class StreamSlot
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<Reply>? _waiting;
    private long _number;
    private long _begunAt;
    private long _firstAt;
    private int _responses;
    private long _bytes;
    private int _digest;

    /// <summary>Takes a new request in.</summary>
    /// <returns>Its number, and what ends when it is answered. Whoever waits goes on in the thread that has read the answer.</returns>
    public (long Number, Task<Reply> Answered) Begin(long now)
    {
        lock (_lock)
        {
            _waiting = new TaskCompletionSource<Reply>();
            (_begunAt, _firstAt, _responses, _bytes, _digest) = (now, 0, 0, 0, 0);
            return (++_number, _waiting.Task);
        }
    }

    /// <summary>Takes a response in; one to an earlier request, which was given up, is dropped.</summary>
    /// <param name="number">The number of the request; null for whichever is in flight.</param>
    /// <param name="now">When it came.</param>
    /// <param name="bytes">The length of the message.</param>
    /// <param name="answer">What it says.</param>
    public void Take(long? number, long now, int bytes, StreamAnswer answer)
    {
        TaskCompletionSource<Reply>? done = null;
        var reply = default(Reply);
        var failure = answer.Error is { } error ? new RequestFailure("stream error", error) : null;
        lock (_lock)
        {
            if (_waiting is null || (number is { } given && given != _number))
            {
                return;
            }

            _bytes += bytes;
            if (answer.HasOutputs)
            {
                _responses++;
                _digest = HashCode.Combine(_digest, answer.Digest);
                _firstAt = _firstAt == 0 ? now : _firstAt;
            }

            if (answer.IsFinal || failure is not null)
            {
                (done, _waiting) = (_waiting, null);
                reply = new Reply(_firstAt == 0 ? now : _firstAt, now, _responses, _bytes, _digest);
            }
        }

        if (failure is not null)
        {
            done?.TrySetException(new RequestFailedException(failure));
        }
        else
        {
            done?.TrySetResult(reply);
        }
    }

    /// <summary>Ends the request in flight, if there is one.</summary>
    public void Fail(Exception exception)
    {
        TaskCompletionSource<Reply>? done;
        lock (_lock)
        {
            (done, _waiting) = (_waiting, null);
        }

        done?.TrySetException(exception);
    }

    /// <summary>Whether a request has been in flight since before a time.</summary>
    public bool IsOlderThan(long timestamp)
    {
        lock (_lock)
        {
            return _waiting is not null && _begunAt < timestamp;
        }
    }
}
