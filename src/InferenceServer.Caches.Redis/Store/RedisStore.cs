using InferenceServer.Caches.Redis.Settings;
using InferenceServer.Core.Caching;
using StackExchange.Redis;

namespace InferenceServer.Caches.Redis.Store;

/// <summary>A Redis, over connections that are made in the background and made again when they break: whoever asks meanwhile is told so at once.</summary>
internal sealed class RedisStore : IResponseStore
{
    private const string Prefix = "inference-server:answer:";

    private readonly RedisSettings _settings;
    private readonly Task<ConnectionMultiplexer>[] _connections;
    private int _turn;

    public RedisStore(RedisSettings settings)
    {
        _settings = settings;
        _connections = [.. Enumerable.Range(0, settings.Connections).Select(_ => ConnectionMultiplexer.ConnectAsync(RedisConnection.Describe(settings)))];
    }

    public string Description => $"redis at {_settings.Host}:{_settings.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)}";

    public TimeSpan Patience => _settings.SocketTimeout;

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CacheKey key, CancellationToken cancellationToken)
    {
        try
        {
            var found = await Next().StringGetAsync(NameOf(key)).ConfigureAwait(false);
            if (found.IsNull)
            {
                return null;
            }

            return (ReadOnlyMemory<byte>)found;
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // Somebody else's; no answer, whatever it is.
            return ReadOnlyMemory<byte>.Empty;
        }
        catch (RedisException exception)
        {
            throw Translate(exception);
        }
    }

    public async Task WriteAsync(CacheKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await Next().StringSetAsync(NameOf(key), content).ConfigureAwait(false);
        }
        catch (RedisException exception)
        {
            throw Translate(exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            // What does not connect needs no farewell.
            if (connection.IsCompletedSuccessfully)
            {
                await connection.Result.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static RedisKey NameOf(CacheKey key) => Prefix + key.ToString();

    private IDatabase Next()
    {
        // One that is not made yet, or cannot be, leaves its turn to the next.
        var turn = (uint)Interlocked.Increment(ref _turn);
        for (var i = 0u; i < _connections.Length; i++)
        {
            var connection = _connections[(turn + i) % (uint)_connections.Length];
            if (connection.IsCompletedSuccessfully)
            {
                return connection.Result.GetDatabase(_settings.Database);
            }
        }

        throw new ResponseStoreException("there is no connection yet");
    }

    /// <summary>What went wrong, in words that tell neither a user nor a password.</summary>
    private static ResponseStoreException Translate(RedisException exception) => exception switch
    {
        RedisServerException refusal => new ResponseStoreException($"it answers with the error {refusal.Message.Split(' ')[0]}", refusal) { IsRefusal = true },
        RedisConnectionException broken => new ResponseStoreException($"the connection is not there ({broken.FailureType})", broken),
        _ => new ResponseStoreException($"it does not answer ({exception.GetType().Name})", exception),
    };
}
