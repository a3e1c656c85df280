namespace InferenceServer.Core.Observation;

/// <summary>Where front ends say that a request has come and that its answer has left: it counts, measures and logs that.</summary>
/// <param name="time">The clock.</param>
/// <param name="log">The log of requests.</param>
public sealed class RequestObserver(TimeProvider time, RequestLog log)
{
    /// <summary>The status of HTTP that stands for a client that has gone before its answer; a word of the field, never sent.</summary>
    public const int ClientGone = 499;

    private const int InternalRpcCode = 13;
    private const int InternalHttpCode = 500;

    /// <summary>How often requests were answered, by the codes of the answers.</summary>
    public AnswerCounts Answers { get; } = new();

    internal long Now => time.GetTimestamp();

    /// <summary>A request has come.</summary>
    /// <param name="protocol">By which way.</param>
    /// <param name="model">The name of the model as the client wrote it.</param>
    /// <returns>Its record, which the caller disposes when the answer has left.</returns>
    public RequestRecord Begin(RequestProtocol protocol, string model) =>
        new(this, protocol, model, time.GetTimestamp(), protocol == RequestProtocol.Rpc ? InternalRpcCode : InternalHttpCode);

    internal TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp);

    internal void End(RequestRecord record)
    {
        var total = Since(record.Came);
        Answers.Add(record.Protocol, record.Code);
        var isGood = !record.HasBrokenOff && AnswerCounts.IsGood(record.Protocol, record.Code);
        if (isGood && record.Statistics?.Durations is { } durations)
        {
            durations.Of(record.Protocol).ObserveAnswer(total, record.Serialised);
        }

        log.Write(record, total, isGood);
    }
}
