using InferenceServer.Abstractions.Errors;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>
/// A version's session without threads, beside the one with: a second copy of the weights, so it is made only when it is asked for, within what such sessions may take together, and freed when nobody has run on it for
/// a while. Thread safe.
/// </summary>
/// <param name="make">Makes it.</param>
/// <param name="measure">How many bytes of weights that takes.</param>
/// <param name="memory">What all of them take.</param>
/// <param name="maxBytes">How much that may be.</param>
/// <param name="time">The clock.</param>
internal sealed class OneThreadSession(Func<CancellationToken, InferenceSession> make, Func<long> measure, OneThreadMemory memory, long maxBytes, TimeProvider time) : IDisposable
{
    /// <summary>Nobody has run on it for so long: loads come and go, and to make it takes as long as a load.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _over = new();
    private readonly HashSet<IOneThreadUser> _users = [];
    private InferenceSession? _session;
    private ITimer? _timer;
    private long _bytes;
    private long _notBefore = long.MinValue;
    private bool _isMaking;
    private bool _isOver;

    /// <summary>The time by its clock.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>True while there is one.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _session is not null;
            }
        }
    }

    /// <summary>Makes it if there is none. Blocks as long as a load does.</summary>
    /// <returns>False when it may not be, for want of memory, or cannot be.</returns>
    public bool TryOpen()
    {
        lock (_gate)
        {
            if (_session is not null || _isMaking || _isOver)
            {
                return _session is not null;
            }

            _isMaking = true;
        }

        InferenceSession? made = null;
        var bytes = 0L;
        var isOpen = false;
        try
        {
            made = TryMake(out bytes);
        }
        finally
        {
            isOpen = Take(made, bytes);
        }

        return isOpen;
    }

    /// <summary>The session for somebody who is going to run on it until he leaves; null while there is none, and then it is made in the background, as somebody wants it.</summary>
    public InferenceSession? TryUse(IOneThreadUser user)
    {
        lock (_gate)
        {
            if (_session is { } session)
            {
                _users.Add(user);
                return session;
            }

            if (_isMaking || _isOver || time.GetTimestamp() < _notBefore)
            {
                return null;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(static own => own.TryOpen(), this, preferLocal: false);
        return null;
    }

    /// <summary>Somebody has nothing of it any more, and will not run on it again.</summary>
    public void Forget(IOneThreadUser user)
    {
        lock (_gate)
        {
            _users.Remove(user);
        }
    }

    /// <summary>Frees it; nobody uses it any more. One that is being made is freed when it is.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            _over.Cancel();
            Close();
        }

        _over.Dispose();
    }

    private InferenceSession? TryMake(out long bytes)
    {
        bytes = 0;
        try
        {
            var needed = measure();
            if (!memory.TryTake(needed, maxBytes))
            {
                return null;
            }

            bytes = needed;
            return make(_over.Token);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or BackendException or IOException or InvalidDataException or UnauthorizedAccessException or OperationCanceledException or ObjectDisposedException)
        {
            // The model serves as well without it: its file may have gone, or the memory.
            memory.Return(bytes);
            bytes = 0;
            return null;
        }
    }

    private bool Take(InferenceSession? made, long bytes)
    {
        lock (_gate)
        {
            _isMaking = false;
            (_session, _bytes) = (made, bytes);
            if (_isOver)
            {
                Close();
                return false;
            }

            if (made is null)
            {
                _notBefore = time.GetTimestamp() + ToTicks(Patience);
                return false;
            }

            _timer ??= time.CreateTimer(static own => ((OneThreadSession)own!).CloseUnused(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Patience, Patience);
            return true;
        }
    }

    private void CloseUnused()
    {
        lock (_gate)
        {
            var since = time.GetTimestamp() - ToTicks(Patience);
            _users.RemoveWhere(user => user.TryLeave(since));
            if (_users.Count == 0)
            {
                _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                Close();
            }
        }
    }

    private long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private void Close()
    {
        if (_isOver)
        {
            _timer?.Dispose();
        }

        if (_session is null)
        {
            return;
        }

        using (NativeHeap.BeginChange())
        {
            _session.Dispose();
            _session = null;
        }

        memory.Return(_bytes);
        _bytes = 0;
    }
}
