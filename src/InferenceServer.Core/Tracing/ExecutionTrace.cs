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
