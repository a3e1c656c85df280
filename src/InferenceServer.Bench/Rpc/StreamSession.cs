using System.Threading.Channels;
using Grpc.Core;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;

namespace InferenceServer.Bench.Rpc;

/// <summary>One call of ModelStreamInfer from its opening to its end.</summary>
internal sealed class StreamSession : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly AsyncDuplexStreamingCall<StreamMessage, byte[]> _call;
    private readonly StreamSlot[] _slots;
    private readonly TimeProvider _clock;

    // The library takes one message at a time. Whoever sends while nothing is being written writes by himself, without another thread.
    private readonly Channel<StreamMessage> _outgoing = Channel.CreateUnbounded<StreamMessage>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly Task _writing;
    private readonly Task _reading;

    public StreamSession(RpcChannel channel, StreamSlot[] slots, TimeProvider clock)
    {
        _slots = slots;
        _clock = clock;
        _call = channel.Invoker.AsyncDuplexStreamingCall(RawMethod.Stream, null, new CallOptions(channel.Headers, cancellationToken: _stop.Token));
        _writing = Task.Run(WriteAsync);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>True once nothing more can be sent or will be answered.</summary>
    public bool IsOver { get; private set; }

    public void Send(StreamMessage message)
    {
        if (!_outgoing.Writer.TryWrite(message))
        {
            throw Ended();
        }
    }

    public void Abort() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        _outgoing.Writer.TryComplete();
        await _stop.CancelAsync();
        await _writing;
        await _reading;
        _call.Dispose();
        _stop.Dispose();
    }

    private static RequestFailedException Ended() => new(new RequestFailure("connection", "the server ended the stream"));

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(_stop.Token))
            {
                await _call.RequestStream.WriteAsync(message, _stop.Token);
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException or IOException)
        {
            // Why the call ended is told by its reading side, which fails the requests.
            _outgoing.Writer.TryComplete();
        }
    }

    private async Task ReadAsync()
    {
        Exception end = Ended();
        try
        {
            while (await _call.ResponseStream.MoveNext(_stop.Token))
            {
                Take(_call.ResponseStream.Current);
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or IOException or BadResponseException)
        {
            end = e is OperationCanceledException ? end : e;
        }

        IsOver = true;
        _outgoing.Writer.TryComplete();
        foreach (var slot in _slots)
        {
            slot.Fail(end);
        }
    }

    private void Take(byte[] message)
    {
        var now = _clock.GetTimestamp();
        var answer = StreamAnswer.Read(message);
        if (StreamMessage.TryReadId(answer.Id, out var index, out var number) && index >= 0 && index < _slots.Length)
        {
            _slots[index].Take(number, now, message.Length, answer);
        }
        else if (_slots.Length == 1)
        {
            // A server that does not repeat ids answers in order at least.
            _slots[0].Take(null, now, message.Length, answer);
        }
        else
        {
            throw new BadResponseException("the server does not repeat the ids of requests on a stream, so answers cannot be told apart; use --in-flight 1");
        }
    }
}
