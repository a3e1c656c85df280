using System.Diagnostics;
using System.Globalization;
using InferenceServer.Core.Observation;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// The spans of one traced request: one for its stay in the server, one for its model beneath it, and, made of the places that it passed when it is over, those of its wait, its
/// execution and its answer. Their times are those that were taken then, on the clock of the moment in which the first of them began.
/// </summary>
internal sealed class RequestSpans
{
    private static readonly ActivitySource s_source = new(SpanOptions.SourceName);

    private readonly TimeProvider _time;
    private readonly SpanOptions _options;
    private readonly DateTime _anchor;
    private readonly long _anchorTimestamp;
    private readonly Activity? _server;
    private readonly Activity? _model;

    private RequestSpans(TimeProvider time, SpanOptions options, Activity? server, Activity? model, DateTime anchor, long anchorTimestamp)
    {
        _time = time;
        _options = options;
        _server = server;
        _model = model;
        _anchor = anchor;
        _anchorTimestamp = anchorTimestamp;
    }

    /// <summary>What further work for the request belongs to.</summary>
    public ActivityContext Context => (_model ?? _server)?.Context ?? default;

    /// <summary>The span that the caller may want to know of.</summary>
    public ActivityContext ServerContext => _server?.Context ?? default;

    /// <summary>The batch that the request was run in; default when it was alone.</summary>
    public ActivityContext Batch { get; set; }

    /// <summary>Begins the spans of a client's request.</summary>
    /// <param name="trace">Its trace.</param>
    /// <param name="record">The request.</param>
    /// <param name="options">Which spans are wanted.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Null when nobody listens.</returns>
    public static RequestSpans? Begin(RequestTrace trace, RequestRecord record, SpanOptions options, TimeProvider time)
    {
        if (!s_source.HasListeners())
        {
            return null;
        }

        var now = time.GetTimestamp();
        var anchor = time.GetUtcNow().UtcDateTime - time.GetElapsedTime(record.Came, now);
        using var ambient = new NoAmbientSpan();
        var server = Start("InferRequest", ActivityKind.Server, trace.Context.ToActivityContext(), anchor);
        var model = options.HasPhases && server is not null ? Start(trace.ModelName, ActivityKind.Internal, server.Context, anchor) : null;
        server?.SetTag("protocol", RequestProtocols.NameOf(record.Protocol));
        var spans = new RequestSpans(time, options, server, model, anchor, record.Came);
        spans.Name(trace, model ?? server);
        return spans;
    }

    /// <summary>Begins the span of a step of the request.</summary>
    public RequestSpans? BeginStep(RequestTrace trace)
    {
        if (!_options.HasPhases || _model is null)
        {
            return null;
        }

        using var ambient = new NoAmbientSpan();
        var model = Start(trace.ModelName, ActivityKind.Internal, _model.Context, At(_time.GetTimestamp()));
        Name(trace, model);
        return new RequestSpans(_time, _options, null, model, _anchor, _anchorTimestamp);
    }

    /// <summary>The span of an execution that several requests share, of which some are traced: it belongs to none of their traces and points to each.</summary>
    /// <param name="links">The traced ones.</param>
    /// <param name="description">What is to be told of it.</param>
    /// <param name="started">When it began.</param>
    /// <param name="ended">When it ended.</param>
    public void AddBatch(IReadOnlyList<RequestSpans> links, BatchDescription description, long started, long ended)
    {
        if (!_options.HasPhases)
        {
            return;
        }

        using var ambient = new NoAmbientSpan();
        var batch = s_source.StartActivity(ActivityKind.Internal, default, null, links.Select(static spans => new ActivityLink(spans.Context)), At(started), "batch");
        if (batch is null)
        {
            return;
        }

        batch.SetTag("model", description.ModelName);
        batch.SetTag("version", description.ModelVersion.ToString(CultureInfo.InvariantCulture));
        batch.SetTag("batch.rows", description.Rows);
        batch.SetTag("batch.requests", description.Requests);
        batch.SetTag("batch.release_reason", description.Reason);
        batch.SetTag("instance", description.Instance);
        foreach (var spans in links)
        {
            spans.Batch = batch.Context;
        }

        End(batch, ended);
    }

    /// <summary>The request is over, as far as its trace goes.</summary>
    /// <param name="trace">The trace, complete.</param>
    /// <param name="record">The request; null for a step.</param>
    public void End(RequestTrace trace, RequestRecord? record)
    {
        using var ambient = new NoAmbientSpan();
        var end = _time.GetTimestamp();
        if (_model is not null)
        {
            AddPhases(trace.Timestamps, _server?.Context ?? _model.Context);
            _model.SetTag("triton.request_id", trace.RequestId.Length > 0 ? trace.RequestId : null);
            End(_model, FindLast(trace.Timestamps, TraceActivity.RequestEnd) ?? end);
        }

        if (_server is null)
        {
            return;
        }

        if (record is not null)
        {
            Describe(record);
        }

        End(_server, end);
    }

    private void AddPhases(IReadOnlyList<TraceTimestamp> timestamps, ActivityContext owner)
    {
        AddPhase("read", owner, FindFirst(timestamps, TraceActivity.HttpReceiveStart), FindFirst(timestamps, TraceActivity.HttpReceiveEnd));
        var started = FindFirst(timestamps, TraceActivity.ComputeStart);
        AddPhase("queue", Context, FindFirst(timestamps, TraceActivity.QueueStart), started);
        if (started is not null && (FindLast(timestamps, TraceActivity.ComputeEnd) ?? FindLast(timestamps, TraceActivity.RequestEnd)) is { } computed)
        {
            var links = Batch == default ? null : new[] { new ActivityLink(Batch) };
            var compute = s_source.StartActivity(ActivityKind.Internal, Context, null, links, At(started.Value), "compute");
            AddEvent(compute, timestamps, TraceActivity.ComputeInputEnd);
            AddEvent(compute, timestamps, TraceActivity.ComputeOutputStart);
            End(compute, computed);
        }

        AddPhase("write", owner, FindFirst(timestamps, TraceActivity.HttpSendStart) ?? FindFirst(timestamps, TraceActivity.RpcSendStart), FindLast(timestamps, TraceActivity.HttpSendEnd) ?? FindLast(timestamps, TraceActivity.RpcSendEnd));
    }

    private void Describe(RequestRecord record)
    {
        if (record.Protocol == RequestProtocol.Rpc)
        {
            _server!.SetTag("rpc.system", "grpc");
            _server.SetTag("rpc.grpc.status_code", record.Code);
        }
        else
        {
            _server!.SetTag("http.response.status_code", record.Code);
        }

        _server.SetTag("rows", record.Rows);
        if (record.BatchRows > 0)
        {
            _server.SetTag("batch.rows", record.BatchRows);
        }

        if (record.Name is { Length: > 0 } name)
        {
            _server.SetTag("request.id", name);
        }

        // A client's own mistake is no error of the server (OpenTelemetry's conventions for HTTP servers); of gRPC the codes that are not counted among its mistakes.
        if (record.HasBrokenOff || (record.Protocol == RequestProtocol.Rpc ? record.Code is 2 or 4 or 12 or 13 or 14 or 15 : record.Code >= 500))
        {
            _server.SetStatus(ActivityStatusCode.Error);
        }
    }

    private void Name(RequestTrace trace, Activity? activity)
    {
        activity?.SetTag("triton.model_name", trace.ModelName);
        activity?.SetTag("triton.model_version", trace.ModelVersion);
        activity?.SetTag("triton.trace_id", trace.Id);
        activity?.SetTag("triton.trace_parent_id", trace.ParentId);
    }

    private void AddPhase(string name, ActivityContext parent, long? started, long? ended)
    {
        if (started is { } start && ended is { } end)
        {
            End(Start(name, ActivityKind.Internal, parent, At(start)), end);
        }
    }

    private void AddEvent(Activity? activity, IReadOnlyList<TraceTimestamp> timestamps, TraceActivity place)
    {
        if (FindFirst(timestamps, place) is { } timestamp)
        {
            activity?.AddEvent(new ActivityEvent(TraceActivities.NameOf(place), At(timestamp)));
        }
    }

    private void End(Activity? activity, long timestamp)
    {
        activity?.SetEndTime(At(timestamp));
        activity?.Stop();
    }

    private DateTime At(long timestamp) => _anchor + _time.GetElapsedTime(_anchorTimestamp, timestamp);

    private static Activity? Start(string name, ActivityKind kind, ActivityContext parent, DateTime at) => s_source.StartActivity(kind, parent, null, null, at, name);

    private static long? FindFirst(IReadOnlyList<TraceTimestamp> timestamps, TraceActivity place)
    {
        foreach (var timestamp in timestamps)
        {
            if (timestamp.Activity == place)
            {
                return timestamp.Timestamp;
            }
        }

        return null;
    }

    private static long? FindLast(IReadOnlyList<TraceTimestamp> timestamps, TraceActivity place)
    {
        for (var i = timestamps.Count - 1; i >= 0; i--)
        {
            if (timestamps[i].Activity == place)
            {
                return timestamps[i].Timestamp;
            }
        }

        return null;
    }
}
