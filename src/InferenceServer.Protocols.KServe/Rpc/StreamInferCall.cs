using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Observation;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// One open stream: its outstanding requests and its only pen. Responses of decoupled models leave as they become ready; all others, and
/// refusals, in the order of their requests. One message is written at a time.
/// </summary>
internal sealed class StreamInferCall : IDisposable
{
    private readonly IServerStreamWriter<ModelStreamInferResponse> _responses;
    private readonly ITensorAllocator _allocator;
    private readonly bool _endsAtErrors;
    private readonly CancellationTokenSource _cancellation;
    private readonly CancellationToken _aborted;
    private readonly StreamRoom _room;
    private readonly SemaphoreSlim _pen = new(1);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The requests that are not answered yet, and one for the reader.
    private int _outstanding = 1;
    private Task _lastOrdered = Task.CompletedTask;
    private InferenceError? _failure;

    public StreamInferCall(IServerStreamWriter<ModelStreamInferResponse> responses, ServerCallContext context, ITensorAllocator allocator, bool endsAtErrors, StreamRoom room)
    {
        _responses = responses;
        _allocator = allocator;
        _endsAtErrors = endsAtErrors;
        _room = room;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        _aborted = context.GetHttpContext().RequestAborted;
    }

    /// <summary>Signalled when the client has gone or the stream has ended early.</summary>
    public CancellationToken Cancellation => _cancellation.Token;

    /// <summary>
    /// True when nothing can be read or written any more: what the library throws then is no fault. It asks the web server, which knows of it before <see cref="Cancellation"/> has been signalled.
    /// </summary>
    public bool IsOver => _cancellation.IsCancellationRequested || _aborted.IsCancellationRequested;

    /// <summary>Ends when the stream has ended early; with the fault when it was one.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The error that the call is to end with; null when errors are messages, or there was none.</summary>
    public InferenceError? Failure => Volatile.Read(ref _failure);

    /// <summary>True when the client has said that it sends no more.</summary>
    public bool HasReadToEnd { get; set; }

    /// <summary>Waits until one more request may be outstanding: until then, the client's next one stays in the transport.</summary>
    /// <returns>False when no more requests are to be read.</returns>
    public async Task<bool> WaitForRoomAsync(Task stopping)
    {
        var room = _room.EnterAsync();
        if (!room.IsCompleted)
        {
            Task any = Task.WhenAny(room, Ended, stopping);
            await any.WaitAsync(_cancellation.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return room.IsCompleted && !Ended.IsCompleted && !stopping.IsCompleted && !_cancellation.IsCancellationRequested;
    }

    /// <summary>Answers a request that the engine never saw.</summary>
    public void Refuse(StreamReply reply, InferenceError error)
    {
        Interlocked.Increment(ref _outstanding);
        _lastOrdered = RunAsync(() => RefuseAsync(reply, error), _lastOrdered);
    }

    /// <summary>Has the responses of a request sent.</summary>
    public void Send(StreamReply reply, InferenceStream stream, bool isOrdered)
    {
        Interlocked.Increment(ref _outstanding);
        var sending = RunAsync(() => SendAsync(reply, stream), isOrdered ? _lastOrdered : Task.CompletedTask);
        _lastOrdered = isOrdered ? sending : _lastOrdered;
    }

    /// <summary>Nobody reads the answers any more: what is in flight is cancelled.</summary>
    public void Abandon() => End(null);

    /// <summary>Waits until every outstanding request has been answered or given up. Nothing may be sent afterwards.</summary>
    public Task DrainAsync()
    {
        EndOne();
        return _drained.Task;
    }

    public void Dispose()
    {
        _cancellation.Dispose();
        _pen.Dispose();
    }

    private async Task RunAsync(Func<Task> send, Task turn)
    {
        try
        {
            await turn.ConfigureAwait(false);
            await send().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Without its pen the stream is of no use to anybody: what is in flight is cancelled, and the call ends. A client that has gone
            // is no news; everything else reaches the log as the failure of the call.
            End(exception is OperationCanceledException or IOException or InvalidOperationException && IsOver ? null : exception);
        }
        finally
        {
            _room.Leave();
            EndOne();
        }
    }

    private async Task SendAsync(StreamReply reply, InferenceStream stream)
    {
        using (reply.Permit)
        using (reply.Room)
        using (reply.Record)
        using (reply.Shared)
        using (stream)
        {
            var isFinal = false;
            while (await stream.ReadAsync(Cancellation).ConfigureAwait(false) is { } outcome)
            {
                if (!outcome.IsSuccess)
                {
                    await WriteErrorAsync(reply, outcome.Error, outcome.WasAccepted).ConfigureAwait(false);
                    return;
                }

                using var response = outcome.Response;
                _room.Note(BytesOf(response));
                isFinal = response.IsFinal;
                var error = RequestedOutputs.Shape(reply.Request, reply.Shared, response, _allocator, Cancellation);
                ModelStreamInferResponse? message = null;
                if (error is not null || !reply.TryMake(response, out message, out error))
                {
                    await WriteErrorAsync(reply, error, wasAccepted: true).ConfigureAwait(false);
                    return;
                }

                reply.Record.BeginSend();
                reply.Record.Trace?.Record(TraceActivity.RpcSendStart);
                await WriteAsync(message).ConfigureAwait(false);
                reply.Record.Trace?.Record(TraceActivity.RpcSendEnd);
                reply.Record.EndSend();
            }

            if (!isFinal && reply.WantsEmptyFinal)
            {
                await WriteAsync(reply.MakeEmptyFinal()).ConfigureAwait(false);
            }

            reply.Record.Code = (int)StatusCode.OK;
        }
    }

    private async Task RefuseAsync(StreamReply reply, InferenceError error)
    {
        using (reply.Room)
        using (reply.Record)
        {
            await WriteErrorAsync(reply, error, wasAccepted: false).ConfigureAwait(false);
        }
    }

    private static long BytesOf(InferenceResponse response)
    {
        var bytes = 0L;
        foreach (var output in response.Outputs)
        {
            bytes += output.Length;
        }

        return bytes;
    }

    private Task WriteErrorAsync(StreamReply reply, InferenceError error, bool wasAccepted)
    {
        ObservedRpc.Fail(reply.Record, error);
        if (!_endsAtErrors || !wasAccepted)
        {
            // What is refused before it runs never ends a stream, as in Triton.
            return WriteAsync(reply.MakeError(error, wasAccepted));
        }

        // The first error is the status of the call; those that its end causes are not.
        Interlocked.CompareExchange(ref _failure, error, null);
        End(null);
        return Task.CompletedTask;
    }

    private async Task WriteAsync(ModelStreamInferResponse message)
    {
        await _pen.WaitAsync(Cancellation).ConfigureAwait(false);
        try
        {
            // The message has been serialised when this returns, and the memory that it points to is free again.
            await _responses.WriteAsync(message, Cancellation).ConfigureAwait(false);
        }
        finally
        {
            _pen.Release();
        }
    }

    private void End(Exception? fault)
    {
        if (fault is null ? _ended.TrySetResult() : _ended.TrySetException(fault))
        {
            _cancellation.Cancel();
        }
    }

    private void EndOne()
    {
        if (Interlocked.Decrement(ref _outstanding) == 0)
        {
            _drained.TrySetResult();
        }
    }
}
