using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Inference;

/// <summary>
/// The responses to one request, as they become ready: any number for a decoupled model, exactly one outcome for every other. Whoever
/// started it reads until the end or disposes it, which drops what is unread.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "A model may still be waiting for it when the reader goes; it has no wait handle to free.")]
public sealed class InferenceStream : IDisposable
{
    private readonly Channel<InferenceOutcome> _outcomes = Channel.CreateUnbounded<InferenceOutcome>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _free;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;

    /// <summary>Makes a stream.</summary>
    /// <param name="capacity">How many responses may wait for their reader before the model is made to wait.</param>
    /// <param name="patience">How long a model waits for a reader that does not read, before the request is given up.</param>
    /// <param name="time">The clock.</param>
    internal InferenceStream(int capacity, TimeSpan patience, TimeProvider time)
    {
        // The last outcome needs no room and gives some all the same: the count may exceed the capacity by what ends a stream.
        _free = new SemaphoreSlim(Math.Min(capacity, int.MaxValue / 2));
        _patience = patience;
        _time = time;
    }

    /// <summary>Why the request was refused before it ran; null when it was not.</summary>
    internal InferenceError? Refusal { get; private set; }

    /// <summary>
    /// Waits for the next outcome. A failure is always the last one; a success is the last one when its response says so, and otherwise
    /// the end is told by null.
    /// </summary>
    /// <returns>The outcome, whose response the caller disposes; null when there is none any more.</returns>
    public async ValueTask<InferenceOutcome?> ReadAsync(CancellationToken cancellationToken)
    {
        while (await _outcomes.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_outcomes.Reader.TryRead(out var outcome))
            {
                _free.Release();
                return outcome;
            }
        }

        return null;
    }

    /// <summary>Nobody reads any more: what is unread, and what still comes, is dropped.</summary>
    public void Dispose()
    {
        _outcomes.Writer.TryComplete();
        while (_outcomes.Reader.TryRead(out var outcome))
        {
            outcome.Response?.Dispose();
        }

        // A model that waits for its reader goes on, and finds that there is none.
        _free.Release();
    }

    /// <summary>Hands a response over, which must not be the last; blocks while too many are unread.</summary>
    /// <returns>Null when it was taken over; otherwise why not, and the response stays with the caller.</returns>
    internal InferenceError? Write(InferenceRequest request, InferenceResponse response, CancellationToken cancellation)
    {
        return !_free.Wait(0, CancellationToken.None) && WaitForReader(request, cancellation) is { } error ? error
            : _outcomes.Writer.TryWrite(InferenceOutcome.Success(response)) ? null
            : InferenceErrors.Cancelled(request);
    }

    /// <summary>As <see cref="Write"/>, without blocking a thread.</summary>
    internal async ValueTask<InferenceError?> WriteAsync(InferenceRequest request, InferenceResponse response, CancellationToken cancellation)
    {
        if (!_free.Wait(0, CancellationToken.None))
        {
            using var patience = new CancellationTokenSource(_patience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            try
            {
                await _free.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return cancellation.IsCancellationRequested ? InferenceErrors.Cancelled(request) : InferenceErrors.ReaderTooSlow(request, _patience);
            }
        }

        return _outcomes.Writer.TryWrite(InferenceOutcome.Success(response)) ? null : InferenceErrors.Cancelled(request);
    }

    /// <summary>Hands the last outcome over, for which there is always room.</summary>
    internal void Finish(in InferenceOutcome outcome)
    {
        if (!outcome.WasAccepted)
        {
            Refusal = outcome.Error;
        }

        if (!_outcomes.Writer.TryWrite(outcome))
        {
            outcome.Response?.Dispose();
        }

        _outcomes.Writer.TryComplete();
    }

    /// <summary>Says that nothing follows.</summary>
    internal void Finish() => _outcomes.Writer.TryComplete();

    private InferenceError? WaitForReader(InferenceRequest request, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            _free.Wait(either.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return cancellation.IsCancellationRequested ? InferenceErrors.Cancelled(request) : InferenceErrors.ReaderTooSlow(request, _patience);
        }
    }
}
