using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Scheduling;

/// <summary>How one request was scheduled, for a client that asks why it was slow.</summary>
/// <param name="Lane">The instance that ran it.</param>
/// <param name="Reason">Why its batch was released with the rows that it had.</param>
/// <param name="Rows">The rows of its batch, its own among them.</param>
/// <param name="Requests">The requests of its batch.</param>
/// <param name="Queued">How long it waited.</param>
internal sealed record ScheduleExplanation(string Lane, ReleaseReason Reason, int Rows, int Requests, TimeSpan Queued)
{
    /// <summary>The request's parameter that asks for it.</summary>
    public const string Parameter = "explain";

    /// <summary>How long each stage of the execution took; null while it runs.</summary>
    public ExecutionTimes? Times { get; init; }

    /// <summary>The same as parameters of a response. Durations are in microseconds.</summary>
    public IReadOnlyDictionary<string, ParameterValue> ToParameters()
    {
        var parameters = new Dictionary<string, ParameterValue>(StringComparer.Ordinal)
        {
            ["explain_queue_us"] = Microseconds(Queued),
            ["explain_batch_rows"] = ParameterValue.FromInt64(Rows),
            ["explain_batch_requests"] = ParameterValue.FromInt64(Requests),
            ["explain_release"] = ParameterValue.FromString(ReleaseReasons.NameOf(Reason)),
            ["explain_lane"] = ParameterValue.FromString(Lane),
        };
        if (Times is { } times)
        {
            parameters["explain_input_us"] = Microseconds(times.Input);
            parameters["explain_infer_us"] = Microseconds(times.Infer);
            parameters["explain_output_us"] = Microseconds(times.Output);
        }

        return parameters;
    }

    private static ParameterValue Microseconds(TimeSpan time) => ParameterValue.FromInt64((long)time.TotalMicroseconds);
}
