namespace InferenceServer.Bench.Statistics;

/// <summary>What a server says of the requests of a time. Times are means of a request, in milliseconds.</summary>
/// <param name="Requests">Requests that succeeded.</param>
/// <param name="Failed">Requests that failed.</param>
/// <param name="Executions">Times that the model was run.</param>
/// <param name="MeanBatch">Rows of an execution; 0 when there was none.</param>
/// <param name="Request">From the arrival of a request to its answer.</param>
/// <param name="Queue">The wait in the queue.</param>
/// <param name="Input">Putting the inputs together.</param>
/// <param name="Infer">Running the model.</param>
/// <param name="Output">Cutting the outputs into answers.</param>
/// <param name="CacheHits">Requests that a response cache answered.</param>
internal sealed record ServerFigures(long Requests, long Failed, long Executions, double MeanBatch, double Request, double Queue, double Input, double Infer, double Output, long CacheHits)
{
    /// <summary>The difference of two readings.</summary>
    /// <returns>Null when there is one reading only, when no request ended between them, or when the counters began anew.</returns>
    public static ServerFigures? Between(ServerCounters? before, ServerCounters? after)
    {
        if (before is null || after is null || after.Success.Count <= before.Success.Count || after.Executions < before.Executions || after.Inferences < before.Inferences)
        {
            return null;
        }

        var executions = after.Executions - before.Executions;
        return new ServerFigures(
            (long)(after.Success.Count - before.Success.Count),
            Difference(before.Fail, after.Fail),
            (long)executions,
            executions == 0 ? 0 : (double)(after.Inferences - before.Inferences) / executions,
            DurationCounter.MeanMs(before.Success, after.Success),
            DurationCounter.MeanMs(before.Queue, after.Queue),
            DurationCounter.MeanMs(before.Input, after.Input),
            DurationCounter.MeanMs(before.Infer, after.Infer),
            DurationCounter.MeanMs(before.Output, after.Output),
            Difference(before.CacheHit, after.CacheHit));
    }

    private static long Difference(DurationCounter before, DurationCounter after) => after.Count > before.Count ? (long)(after.Count - before.Count) : 0;
}
