using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Caching;

/// <summary>
/// Keeps answers in a store outside of the process. Lookups are given up after the store's patience; insertions happen behind the requests' backs, so many at a time. Whatever
/// goes wrong is a miss: the model runs.
/// </summary>
internal sealed class StoredResponseCache : IResponseCache, IAsyncDisposable
{
    /// <summary>The largest answer that is kept. Bytes.</summary>
    internal const long MaxAnswerBytes = 64L << 20;

    /// <summary>How much may be on its way to the store. Bytes.</summary>
    internal const long MaxPendingBytes = 128L << 20;

    /// <summary>How many answers may be on their way to the store.</summary>
    internal const int MaxPendingAnswers = 1024;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly IResponseStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StoreWatch _watch;
    private long _failures;
    private long _skipped;
    private long _unreadable;
    private long _dropped;
    private long _pendingBytes;
    private int _pendingAnswers;
    private int _isRefused;

    public StoredResponseCache(IResponseStore store, TimeProvider time, ILogger logger)
    {
        _store = store;
        _time = time;
        _logger = logger;
        _watch = new StoreWatch(store.Description, s_pause, time, logger);
    }

    public bool IsShared => true;

    public bool HasRoomFor(long bytes) => bytes <= MaxAnswerBytes;

    public ValueTask<CachedAnswer?> FindAsync(CacheKey key)
    {
        if (!_watch.TryBegin())
        {
            Interlocked.Increment(ref _skipped);
            return default;
        }

        return ReadAsync(key);
    }

    public void Store(CacheKey key, CachedAnswer answer, object owner)
    {
        if (!_watch.TryBegin())
        {
            Interlocked.Increment(ref _skipped);
            return;
        }

        var (answers, bytes) = (Interlocked.Increment(ref _pendingAnswers), Interlocked.Add(ref _pendingBytes, answer.Bytes));
        if (answers > MaxPendingAnswers || bytes > MaxPendingBytes)
        {
            Interlocked.Increment(ref _dropped);
            Complete(answer.Bytes);
            return;
        }

        // Not on this thread, which runs the model.
        answer.Acquire();
        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Cache.WriteAsync(work.Key, work.Answer), new Insertion(this, key, answer), preferLocal: false);
    }

    /// <summary>Other servers may ask.</summary>
    public void Forget(object owner)
    {
    }

    public ResponseCacheReport Read() => new()
    {
        Store = new StoredCacheReport(
            _watch.State == StoreState.Reachable, Interlocked.Read(ref _failures), Interlocked.Read(ref _skipped), Interlocked.Read(ref _unreadable), Interlocked.Read(ref _dropped)),
    };

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private async ValueTask<CachedAnswer?> ReadAsync(CacheKey key)
    {
        ReadOnlyMemory<byte>? found = null;
        if (!await TryAsync(async cancellation => found = await _store.ReadAsync(key, cancellation).ConfigureAwait(false)).ConfigureAwait(false) || found is not { } bytes)
        {
            return null;
        }

        var answer = AnswerCodec.TryRead(key, bytes.Span);
        if (answer is null && Interlocked.Increment(ref _unreadable) == 1)
        {
            CachingLog.Unreadable(_logger, _store.Description);
        }

        return answer;
    }

    private async Task WriteAsync(CacheKey key, CachedAnswer answer)
    {
        var bytes = answer.Bytes;
        try
        {
            var content = AnswerCodec.Write(key, answer);
            if (await TryAsync(cancellation => _store.WriteAsync(key, content, cancellation)).ConfigureAwait(false))
            {
                // What is refused then is news again.
                Volatile.Write(ref _isRefused, 0);
            }
        }
        finally
        {
            answer.Dispose();
            Complete(bytes);
        }
    }

    private void Complete(long bytes)
    {
        Interlocked.Decrement(ref _pendingAnswers);
        Interlocked.Add(ref _pendingBytes, -bytes);
    }

    /// <summary>Asks the store, for as long as its patience lasts.</summary>
    private async Task<bool> TryAsync(Func<CancellationToken, Task> ask)
    {
        using var patience = new CancellationTokenSource(_store.Patience, _time);
        string reason;
        try
        {
            // Whatever a client library does with the token, nobody waits for longer.
            await ask(patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
            _watch.Succeed();
            return true;
        }
        catch (OperationCanceledException)
        {
            reason = $"no answer within {_store.Patience.TotalMilliseconds} ms";
        }
        catch (ResponseStoreException exception) when (exception.IsRefusal)
        {
            Interlocked.Increment(ref _failures);
            _watch.Succeed();
            if (Interlocked.Exchange(ref _isRefused, 1) == 0)
            {
                CachingLog.StoreRefuses(_logger, _store.Description, exception.Message);
            }

            return false;
        }
        catch (ResponseStoreException exception)
        {
            reason = exception.Message;
        }
        catch (Exception exception)
        {
            // The requests go on without it, whatever it is.
            CachingLog.StoreThrew(_logger, exception, _store.Description);
            reason = exception.GetType().Name;
        }

        Interlocked.Increment(ref _failures);
        _watch.Fail(reason);
        return false;
    }

    private readonly record struct Insertion(StoredResponseCache Cache, CacheKey Key, CachedAnswer Answer);
}
