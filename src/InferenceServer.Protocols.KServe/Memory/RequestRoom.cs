using InferenceServer.Abstractions.Errors;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>
/// What one request has of the memory for bodies, from before its body is read until it has been answered. Small bodies take none, and nothing is shared with other requests then.
/// For one caller at a time; may be opened again after it has been disposed.
/// </summary>
internal sealed class RequestRoom : IDisposable
{
    private RequestMemoryGate? _gate;
    private TimeSpan? _timeLimit;
    private CancellationToken _gone;
    private HttpContext? _context;

    /// <summary>How many bytes it has.</summary>
    public long Bytes { get; private set; }

    /// <summary>How long it has waited for them.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Says what holds for the request of an exchange.</summary>
    /// <param name="gate">The memory.</param>
    /// <param name="timeLimit">How long its client waits for the answer; null when it does not say so.</param>
    /// <param name="context">The exchange, whose end by its client is looked for only where there is something to wait for.</param>
    public void Open(RequestMemoryGate gate, TimeSpan? timeLimit, HttpContext context)
    {
        Open(gate, CancellationToken.None);
        _context = context;
        _timeLimit = timeLimit;
    }

    /// <summary>Says what holds for a message of a stream.</summary>
    /// <param name="gate">The memory.</param>
    /// <param name="gone">Signalled when nobody waits for the answer any more.</param>
    public void Open(RequestMemoryGate gate, CancellationToken gone)
    {
        // Without a limit there is nothing to be given.
        _gate = gate.Limit > 0 ? gate : null;
        _gone = gone;
        _timeLimit = null;
        Waited = TimeSpan.Zero;
    }

    /// <summary>Has so many bytes in all afterwards, if that is more than it has and more than a small body. Waits for its turn.</summary>
    /// <returns>Null when it has them; otherwise why not.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public ValueTask<InferenceError?> GrowToAsync(long bytes) =>
        bytes >= RequestMemoryGate.SmallestBytes && bytes > Bytes && _gate is { } gate ? gate.TakeAsync(this, bytes - Bytes, TimeLeft(_timeLimit), _context?.RequestAborted ?? _gone) : default;

    /// <summary>Gives back what it has beyond so many bytes.</summary>
    public void ShrinkTo(long bytes)
    {
        if (bytes < Bytes)
        {
            _gate!.Return(this, Bytes - bytes);
        }
    }

    /// <summary>What is left after the waiting of how long a client waits.</summary>
    public TimeSpan? TimeLeft(TimeSpan? timeLimit) => timeLimit is { } limit && Waited > TimeSpan.Zero ? TimeSpan.FromTicks(Math.Max(1, (limit - Waited).Ticks)) : timeLimit;

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        ShrinkTo(0);
        _gate = null;
        _context = null;
        _gone = default;
    }

    /// <summary>The gate has given it some, or has taken some back.</summary>
    internal void Add(long bytes) => Bytes += bytes;

    /// <summary>It has waited.</summary>
    internal void Note(TimeSpan wait) => Waited += wait;
}
