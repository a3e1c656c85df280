using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Tracing;

/// <summary>Begins the traces of the requests that are chosen for it. While nothing is traced that costs a request one volatile read.</summary>
public sealed class RequestTracer
{
    private readonly TraceWriter _writer;
    private readonly TimeProvider _time;
    private volatile TraceScopes? _scopes;
    private long _lastId;

    internal RequestTracer(TraceWriter writer, TimeProvider time)
    {
        _writer = writer;
        _time = time;
    }

    /// <summary>A tracer that never traces.</summary>
    internal static RequestTracer Off { get; } = new(TraceWriter.None, TimeProvider.System);

    /// <summary>False while no request can be traced.</summary>
    public bool IsOn => _scopes is not null;

    /// <summary>The time, for places that are passed before it is known whether their request is traced; 0 while none can be.</summary>
    public long Timestamp => IsOn ? _time.GetTimestamp() : 0;

    /// <summary>Decides whether a request is traced.</summary>
    /// <param name="model">The model that it is for.</param>
    /// <param name="traceParent">Its <c>traceparent</c>, as it came; looked at only while something is traced.</param>
    /// <param name="first">The place where it began.</param>
    /// <param name="timestamp">The <see cref="Timestamp"/> of that place.</param>
    /// <returns>Its trace, which the caller disposes; null when it is not traced.</returns>
    public RequestTrace? Begin(ServedModel model, string? traceParent, TraceActivity first, long timestamp)
    {
        var scopes = _scopes;
        return scopes is null ? null : Begin(scopes, model, traceParent, first, timestamp);
    }

    /// <summary>Chooses by these samplers from now on; by none when nothing is to be traced.</summary>
    internal void Follow(TraceScopes? scopes) => _scopes = scopes;

    private long NextId() => Interlocked.Increment(ref _lastId);

    private RequestTrace? Begin(TraceScopes scopes, ServedModel model, string? traceParent, TraceActivity first, long timestamp)
    {
        ArgumentNullException.ThrowIfNull(model);
        var sampler = scopes.Of(model.Name);
        var context = TraceContext.Parse(traceParent);
        if (!sampler.TryTake(context.IsSampled))
        {
            return null;
        }

        var trace = new RequestTrace(NextId(), model.Name, model.Version, sampler.Settings, context, _writer, _time) { NextId = NextId };

        // Tracing may have been switched on since the request came.
        trace.Record(first, timestamp > 0 ? timestamp : _time.GetTimestamp());
        return trace;
    }
}
