using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Rpc;

/// <summary>One HTTP/2 connection with one stream of ModelStreamInfer, on which several requests may be in flight. A stream that ends is opened anew by the next request.</summary>
internal sealed class StreamConnection : IRpcConnection
{
    private const int LooksWithinTimeout = 20;

    private readonly RpcChannel _channel;
    private readonly StreamSlot[] _slots;
    private readonly ServerAddress _server;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly ITimer _watch;
    private readonly Lock _opening = new();
    private StreamSession? _session;
    private Task _retired = Task.CompletedTask;

    public StreamConnection(ServerAddress server, ConnectionSettings settings, int inFlight, TimeProvider clock)
    {
        _server = server;
        _timeout = settings.Timeout;
        _clock = clock;
        _channel = new RpcChannel(server, settings);
        _slots = [.. Enumerable.Range(0, inFlight).Select(static _ => new StreamSlot())];

        // One timer for all slots: a time limit is exceeded by at most a twentieth of it before it is noticed.
        var period = _timeout / LooksWithinTimeout;
        _watch = clock.CreateTimer(_ => EndLateOnes(), null, period, period);
    }

    public async Task<Reply> ExchangeAsync(int slot, byte[] request, byte[]? expected)
    {
        var session = Session();
        var (number, answered) = _slots[slot].Begin(_clock.GetTimestamp());
        session.Send(new StreamMessage(request, slot, number));
        var reply = await answered;
        return expected is null || DigestOf(reply).AsSpan().SequenceEqual(expected) ? reply : throw RequestFailedException.Differs();
    }

    /// <summary>What is expected of later replies that must equal this one.</summary>
    public static byte[] DigestOf(Reply reply) => BitConverter.GetBytes(reply.Digest);

    public void Abort()
    {
        lock (_opening)
        {
            _session?.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }

        await _retired;
        _channel.Dispose();
    }

    private StreamSession Session()
    {
        lock (_opening)
        {
            if (_session is { IsOver: false } open)
            {
                return open;
            }

            if (_session is not null)
            {
                _retired = Task.WhenAll(_retired, _session.DisposeAsync().AsTask());
            }

            return _session = new StreamSession(_channel, _slots, _clock);
        }
    }

    private void EndLateOnes()
    {
        var oldest = _clock.GetTimestamp() - (long)(_timeout.TotalSeconds * _clock.TimestampFrequency);
        foreach (var slot in _slots.Where(slot => slot.IsOlderThan(oldest)))
        {
            slot.Fail(RequestFailedException.Timeout(_server.ToString(), _timeout));
        }
    }
}
