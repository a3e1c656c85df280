using System.Diagnostics;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// What is written down of one request while it is on its way; the front end that began it disposes it when its answer is out, and it is
/// handed to the writer then. Several threads may write to it; what comes after its end is dropped.
/// </summary>
public sealed class RequestTrace : IDisposable
{
    /// <summary>The most timestamps of one trace; a decoupled model may answer without end.</summary>
    public const int MaxTimestamps = 1024;

    /// <summary>The most tensors of one trace.</summary>
    public const int MaxTensors = 256;

    private readonly Lock _lock = new();
    private readonly List<TraceTimestamp> _timestamps = new(16);
    private readonly List<TracedTensor> _tensors = [];
    private readonly TraceWriter _writer;
    private readonly TimeProvider _time;
    private TraceActivity? _last;
    private bool _isOver;

    internal RequestTrace(long id, string model, long version, TraceSettings settings, TraceContext context, TraceWriter writer, TimeProvider time)
    {
        Id = id;
        ModelName = model;
        ModelVersion = version;
        Settings = settings;
        Context = context;
        _writer = writer;
        _time = time;
    }

    internal long Id { get; }

    /// <summary>The trace of the request to the ensemble that this is a step of; null for a client's own request.</summary>
    internal long? ParentId { get; private init; }

    /// <summary>Where ids of further traces come from; the front end sets it.</summary>
    internal Func<long>? NextId { get; init; }

    /// <summary>False when it goes to a collector alone.</summary>
    internal bool WritesFile { private get; init; } = true;

    /// <summary>Its spans; null when no collector gets any.</summary>
    internal RequestSpans? Spans { get; set; }

    /// <summary>The id of the trace that it is part of, 32 hexadecimal digits; null when it is part of none.</summary>
    public string? TraceId => Spans is { } spans && spans.Context.TraceId != default ? spans.Context.TraceId.ToHexString() : Context.IsEmpty ? null : Context.TraceId;

    /// <summary>What tells the client which span was its request's, in the form of <c>traceparent</c>; null where there is none.</summary>
    public string? Response => Spans is { } spans && spans.ServerContext is { TraceId: var id } context && id != default
        ? $"00-{id.ToHexString()}-{context.SpanId.ToHexString()}-{(context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}"
        : null;

    internal string ModelName { get; }

    internal long ModelVersion { get; }

    /// <summary>The client's id of the request; empty when it gave none.</summary>
    internal string RequestId { get; private set; } = "";

    internal TraceSettings Settings { get; }

    /// <summary>Which trace of its callers the request belongs to; empty when it does not say.</summary>
    internal TraceContext Context { get; }

    /// <summary>The bytes of tensors that it keeps.</summary>
    internal long TensorBytes { get; private set; }

    /// <summary>What was written down; not to be read before the trace is over.</summary>
    internal IReadOnlyList<TraceTimestamp> Timestamps => _timestamps;

    internal IReadOnlyList<TracedTensor> Tensors => _tensors;

    /// <summary>The request passes a place now.</summary>
    public void Record(TraceActivity activity) => Record(activity, _time.GetTimestamp());

    /// <summary>The request passed a place at a time that was taken then.</summary>
    public void Record(TraceActivity activity, long timestamp)
    {
        lock (_lock)
        {
            if (!_isOver && (Settings.Levels & TraceLevels.Timestamps) != 0 && _timestamps.Count < MaxTimestamps)
            {
                _timestamps.Add(new TraceTimestamp(activity, timestamp));
            }
        }
    }

    /// <summary>The answer begins to leave; that it has left is written down when the trace is disposed.</summary>
    public void BeginSend(TraceActivity start, TraceActivity end)
    {
        Record(start);
        _last = end;
    }

    /// <summary>The request's trace is complete: it goes to the writer, and its spans to whoever listens.</summary>
    public void Dispose() => End(null);

    /// <summary>As <see cref="Dispose"/>, with what is known of the request of a client.</summary>
    internal void End(RequestRecord? record)
    {
        if (_last is { } last)
        {
            Record(last);
        }

        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
        }

        Spans?.End(this, record);
        if (WritesFile)
        {
            _writer.TryAdd(this);
        }
    }

    /// <summary>Begins the trace of a step of the request, under the same settings. The caller disposes it.</summary>
    internal RequestTrace? BeginStep(ServedModel model)
    {
        if (NextId is null)
        {
            return null;
        }

        var step = new RequestTrace(NextId(), model.Name, model.Version, Settings, Context, _writer, _time) { ParentId = Id, NextId = NextId, WritesFile = WritesFile };
        step.Spans = Spans?.BeginStep(step);
        return step;
    }

    /// <summary>The engine takes the request over.</summary>
    internal void BeginRequest(string id)
    {
        RequestId = id;
        Record(TraceActivity.RequestStart);
    }

    /// <summary>As <see cref="Record(TraceActivity)"/>, unless the place has been passed before.</summary>
    internal void RecordFirst(TraceActivity activity)
    {
        lock (_lock)
        {
            if (!_timestamps.Exists(seen => seen.Activity == activity))
            {
                Record(activity);
            }
        }
    }

    /// <summary>Keeps the beginnings of tensors, when that is wanted.</summary>
    internal void Record(TraceActivity activity, IReadOnlyList<TensorView> tensors)
    {
        for (var i = 0; (Settings.Levels & TraceLevels.Tensors) != 0 && i < tensors.Count; i++)
        {
            Keep(TracedTensor.Of(activity, tensors[i]));
        }
    }

    /// <summary>Keeps the beginnings of tensors, when that is wanted.</summary>
    internal void Record(TraceActivity activity, ReadOnlySpan<TensorView> tensors)
    {
        for (var i = 0; (Settings.Levels & TraceLevels.Tensors) != 0 && i < tensors.Length; i++)
        {
            Keep(TracedTensor.Of(activity, tensors[i]));
        }
    }

    private void Keep(TracedTensor tensor)
    {
        lock (_lock)
        {
            if (!_isOver && _tensors.Count < MaxTensors)
            {
                _tensors.Add(tensor);
                TensorBytes += tensor.Data.Length;
            }
        }
    }
}
