using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Tracing;

/// <summary>Writes down what happens to the requests of an execution, for those of them that are traced.</summary>
internal static class ExecutionTrace
{
    /// <summary>How many ids a log line names at most.</summary>
    private const int MaxIds = 16;

    /// <summary>The requests have passed a place.</summary>
    public static void Record(ReadOnlySpan<PendingInference> members, TraceActivity activity, long timestamp)
    {
        foreach (var member in members)
        {
            member.Request.Trace?.Record(activity, timestamp);
        }
    }

    /// <summary>True when several requests share the execution and one of them has spans.</summary>
    public static bool HasSpans(PendingInference[] members) => members.Length > 1 && Array.Exists(members, static member => member.Request.Trace?.Spans is not null);

    /// <summary>Gives an execution that <see cref="HasSpans"/> a span of its own, which points to each of these.</summary>
    public static void Link(PendingInference[] members, BatchDescription description, long started, long ended)
    {
        RequestSpans[] spans = [.. members.Select(static member => member.Request.Trace?.Spans).OfType<RequestSpans>()];
        spans[0].AddBatch(spans, description, started, ended);
    }

    /// <summary>The model has run and its outputs have been cut into responses.</summary>
    public static void End(ReadOnlySpan<PendingInference> members, ReadOnlySpan<InferenceResponse?> responses, long computed, long ended)
    {
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].Request.Trace is { } trace)
            {
                trace.Record(TraceActivity.ComputeOutputStart, computed);
                trace.Record(TraceActivity.ComputeEnd, ended);
                if (responses[i] is { } response)
                {
                    trace.Record(TraceActivity.TensorBackendOutput, response.Outputs);
                }
            }
        }
    }

    /// <summary>A decoupled model sends a response. Its final one ends the request, whose trace may be gone before the model returns.</summary>
    public static void Respond(PendingInference member, InferenceResponse response)
    {
        if (member.Request.Trace is not { } trace)
        {
            return;
        }

        trace.RecordFirst(TraceActivity.ComputeOutputStart);
        trace.Record(TraceActivity.TensorBackendOutput, response.Outputs);
        if (response.IsFinal)
        {
            trace.RecordFirst(TraceActivity.ComputeEnd);
        }
        else
        {
            trace.Record(TraceActivity.ResponseComplete);
        }
    }

    /// <summary>What the clients call their requests, for a line of the log; <c>-</c> for those that have no name.</summary>
    public static string RequestsOf(ReadOnlySpan<PendingInference> members)
    {
        var ids = new List<string>();
        foreach (var member in members[..Math.Min(members.Length, MaxIds)])
        {
            var request = member.Request;
            ids.Add(request.Id.Length > 0 ? request.Id : request.Record?.Name is { Length: > 0 } name ? name : "-");
        }

        return string.Join(", ", ids);
    }

    /// <summary>The traces of their callers that requests belong to, for a line of the log; <c>none</c> when they belong to none.</summary>
    public static string CallersOf(ReadOnlySpan<PendingInference> members)
    {
        var ids = new List<string>();
        foreach (var member in members)
        {
            if (ids.Count < MaxIds && TraceContext.Parse(member.Request.TraceParent) is { IsEmpty: false } context)
            {
                ids.Add(context.TraceId);
            }
        }

        return ids.Count == 0 ? "none" : string.Join(", ", ids);
    }
}
