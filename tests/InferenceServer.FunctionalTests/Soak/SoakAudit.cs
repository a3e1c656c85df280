namespace InferenceServer.FunctionalTests.Soak;

/// <summary>
/// Holds the clients' books against the server's counters when nothing is under way. What a client has an end of must be counted exactly so; an attempt that its client has broken off may be
/// counted in any way that was still possible, or not at all, and there cannot be more of those than were broken off.
/// </summary>
internal static class SoakAudit
{
    /// <summary>Gauges that are 0 when nothing is under way.</summary>
    private static readonly string[] s_gauges =
    [
        "nv_inference_pending_request_count", "inference_server_queue_depth", "inference_server_queue_bytes", "inference_server_inflight_requests", "inference_server_lanes_busy", "inference_server_stall_seconds",
        "inference_server_sequence_waiting", "inference_server_log_dropped_total",
    ];

    /// <summary>Everything that does not agree.</summary>
    /// <param name="books">The clients' books.</param>
    /// <param name="metrics">The server's counters.</param>
    /// <param name="models">The models whose versions have stayed all along, and which no other model asks.</param>
    public static List<string> Compare(SoakBooks books, SoakMetrics metrics, IEnumerable<string> models)
    {
        var wrong = new List<string>();
        var closed = books.Count(static _ => true);
        if (closed != books.Sent)
        {
            wrong.Add($"{books.Sent} sent, but {closed} answered, refused or cancelled");
        }

        foreach (var gauge in s_gauges)
        {
            wrong.AddRange(metrics.Samples(gauge).Where(static sample => sample.Value != 0).Select(static sample => $"{sample.Key} is {sample.Value} when nothing is under way"));
        }

        CompareCodes(books, metrics, SoakWay.Http, "http", wrong);
        CompareCodes(books, metrics, SoakWay.Rpc, "grpc", wrong);
        foreach (var model in models)
        {
            CompareModel(books, metrics, model, wrong);
        }

        return wrong;
    }

    private static void CompareCodes(SoakBooks books, SoakMetrics metrics, SoakWay way, string protocol, List<string> wrong)
    {
        var counted = metrics.Answers(protocol);
        var later = books.Count(entry => entry.Way == way && entry.End == SoakEnd.CutLater);
        var inBody = books.Count(entry => entry.Way == way && entry.End == SoakEnd.CutInBody);
        var spare = 0L;
        foreach (var code in counted.Keys.Union(books.Entries.Select(static pair => pair.Key).Where(entry => entry.Way == way && entry.Code.Length > 0).Select(static entry => entry.Code)))
        {
            var told = books.Count(entry => entry.Way == way && entry.Code == code);
            var more = counted.GetValueOrDefault(code) - told;
            spare += more;
            if (more < 0)
            {
                wrong.Add($"{protocol}: clients were told {code} {told} times, the server counts {counted.GetValueOrDefault(code)}");
            }
            else if (more > later + (IsGood(code) ? 0 : inBody))
            {
                wrong.Add($"{protocol}: the server counts {code} {counted[code]} times, clients were told so {told} times, and {later} left later and {inBody} before they had sent all");
            }
        }

        if (spare > later + inBody)
        {
            wrong.Add($"{protocol}: the server counts {spare} requests more than had an end, but only {later + inBody} were broken off after they had named a model");
        }
    }

    private static void CompareModel(SoakBooks books, SoakMetrics metrics, string model, List<string> wrong)
    {
        var label = $"model=\"{model}\"";
        var later = books.Count(entry => entry.Model == model && entry.End == SoakEnd.CutLater);
        var answered = books.Count(entry => entry.Model == model && entry.End == SoakEnd.Answered);
        var refused = books.Count(entry => entry.Model == model && entry.End == SoakEnd.Refused);
        var success = (long)metrics.Sum("nv_inference_request_success", label);
        if (success < answered || success > answered + later)
        {
            wrong.Add($"{model}: {answered} clients have their answers and {later} left, the server counts {success} successes");
        }

        var failed = (long)(metrics.Sum("nv_inference_request_failure", label) + metrics.Sum("inference_server_request_refused_total", label));
        if (failed < refused || success + failed > answered + refused + later)
        {
            wrong.Add($"{model}: {refused} clients were refused, {answered} answered and {later} left, the server counts {failed} failures and refusals and {success} successes");
        }
    }

    private static bool IsGood(string code) => code is "200" or "OK";
}
