using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;

namespace InferenceServer.Core.Tracing;

/// <summary>Begins the traces of the requests that are chosen for it. While nothing is traced that costs a request one volatile read.</summary>
public sealed class RequestTracer
{
    private readonly TraceWriter _writer;
    private readonly TraceOptions _options;
    private readonly TimeProvider _time;
    private volatile TraceScopes? _scopes;
    private long _lastId;

    internal RequestTracer(TraceWriter writer, TraceOptions options, TimeProvider time)
    {
        _options = options;
        _writer = writer;
        _time = time;
    }

    /// <summary>A tracer that never traces.</summary>
    internal static RequestTracer Off { get; } = new(TraceWriter.None, new TraceOptions(), TimeProvider.System);

    /// <summary>False while no request can be traced.</summary>
    public bool IsOn => _scopes is not null;

    /// <summary>The time, for places that are passed before it is known whether their request is traced; 0 while none can be.</summary>
    public long Timestamp => IsOn ? _time.GetTimestamp() : 0;

    /// <summary>Decides whether a request is traced; if so, its record has its trace.</summary>
    /// <param name="record">The request, whose <c>traceparent</c> is looked at only while something is traced.</param>
    /// <param name="model">The model that it is for.</param>
    /// <param name="first">The place where it began.</param>
    /// <param name="timestamp">The <see cref="Timestamp"/> of that place.</param>
    public void Begin(RequestRecord record, ServedModel model, TraceActivity first, long timestamp)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(model);
        if (_scopes is { } scopes)
        {
            record.Trace = Begin(scopes, record, model, first, timestamp);
        }
    }

    /// <summary>Chooses by these samplers from now on; by none when nothing is to be traced.</summary>
    internal void Follow(TraceScopes? scopes) => _scopes = scopes;

    private long NextId() => Interlocked.Increment(ref _lastId);

    private RequestTrace? Begin(TraceScopes scopes, RequestRecord record, ServedModel model, TraceActivity first, long timestamp)
    {
        var sampler = scopes.Of(model.Name);
        var context = TraceContext.Parse(record.TraceParent);
        if ((_options.FollowsCallers && !context.IsEmpty && !context.IsSampled) || !sampler.TryTake(context.IsSampled))
        {
            return null;
        }

        var trace = new RequestTrace(NextId(), model.Name, model.Version, sampler.Settings, context, _writer, _time) { NextId = NextId, WritesFile = _options.File.Length > 0 };
        if (_options.Spans is { } spans)
        {
            trace.Spans = RequestSpans.Begin(trace, record, spans, _time);
        }

        // Tracing may have been switched on since the request came.
        trace.Record(first, timestamp > 0 ? timestamp : _time.GetTimestamp());
        return trace;
    }
}
