using InferenceServer.Core.Access;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Observation;

/// <summary>
/// What is known of one request of a client, from the moment it came to the moment its answer has left. The front end that began it disposes it then; whoever handles the
/// request on its way writes to it, one after another, and what comes after the end is of no effect.
/// </summary>
public sealed class RequestRecord : IDisposable
{
    private readonly RequestObserver _observer;
    private object? _transport;
    private Func<object, string>? _nameOf;
    private long _sendStarted;
    private TimeSpan _serialised;
    private int _isOver;

    internal RequestRecord(RequestObserver observer, RequestProtocol protocol, string model, long came, int code)
    {
        _observer = observer;
        Protocol = protocol;
        ModelName = model;
        Came = came;
        Code = code;
    }

    /// <summary>By which way it has come.</summary>
    public RequestProtocol Protocol { get; }

    /// <summary>The model that runs it, or the name that was asked for where there is none.</summary>
    public string ModelName { get; private set; }

    /// <summary>The version that runs it; 0 while there is none.</summary>
    public long ModelVersion { get; private set; }

    /// <summary>The client's id of it; empty when it has none.</summary>
    public string RequestId { get; set; } = "";

    /// <summary>What it is called in the log: the client's id, or else what the transport calls it; empty when it has no name. To be read before it is over.</summary>
    public string Name => RequestId.Length > 0 ? RequestId : _nameOf?.Invoke(_transport!) ?? "";

    /// <summary>How it was answered: a status of HTTP, or a status code of gRPC by its number.</summary>
    public int Code { get; set; }

    /// <summary>True when the answer has begun well, as its code says, and then broke off.</summary>
    public bool HasBrokenOff { get; set; }

    /// <summary>Whose it is; null where nobody is asked who he is.</summary>
    public Caller? Caller { get; set; }

    /// <summary>True when the client has gone before its answer had been handed to the network.</summary>
    public bool HasLostClient { get; set; }

    /// <summary>Its <c>traceparent</c>, as it came; null for none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>Its trace, which ends with it; null when it is not traced.</summary>
    public RequestTrace? Trace { get; set; }

    /// <summary>When it came, as a timestamp.</summary>
    internal long Came { get; }

    /// <summary>The counters of the version that runs it; null while there is none.</summary>
    internal ModelStatistics? Statistics { get; private set; }

    /// <summary>Its own rows; 0 until it has been accepted.</summary>
    internal int Rows { get; set; }

    /// <summary>The rows of the execution that it was part of; 0 when none was.</summary>
    internal int BatchRows { get; private set; }

    /// <summary>The bytes of its tensors.</summary>
    internal long InputBytes { get; set; }

    /// <summary>The bytes of the tensors that it was answered with.</summary>
    internal long OutputBytes { get; private set; }

    /// <summary>How long it waited.</summary>
    internal TimeSpan Queued { get; private set; }

    /// <summary>The times of the execution that it was part of.</summary>
    internal ExecutionTimes Times { get; private set; }

    /// <summary>True when it was answered without being run.</summary>
    internal bool IsFromCache { get; set; }

    /// <summary>How long its answers took to be written.</summary>
    internal TimeSpan Serialised => _serialised;

    /// <summary>How the transport calls it, for when somebody wants to know: most requests are never asked for their names.</summary>
    public void NameBy(object transport, Func<object, string> nameOf) => (_transport, _nameOf) = (transport, nameOf);

    /// <summary>A version has been found for it.</summary>
    public void Follow(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ModelName = model.Name;
        ModelVersion = model.Version;
        Statistics = model.Statistics;
    }

    /// <summary>An answer begins to leave; it has left when <see cref="EndSend"/> or the end comes.</summary>
    public void BeginSend() => _sendStarted = _observer.Now;

    /// <summary>An answer has left.</summary>
    public void EndSend()
    {
        if (_sendStarted != 0)
        {
            _serialised += _observer.Since(_sendStarted);
            _sendStarted = 0;
        }
    }

    /// <summary>The answer has left, or nobody waits for it any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            EndSend();
            _observer.End(this);
            Trace?.End(this);
        }
    }

    /// <summary>The request has been run.</summary>
    internal void SetExecution(TimeSpan queued, in ExecutionTimes times, int batchRows) => (Queued, Times, BatchRows) = (queued, times, batchRows);

    /// <summary>A response is there.</summary>
    internal void AddOutput(long bytes) => OutputBytes += bytes;
}
