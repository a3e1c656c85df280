namespace InferenceServer.Core.Tracing;

/// <summary>What the operator says of tracing where the server is started.</summary>
public sealed record TraceOptions
{
    /// <summary>Where traces are written; empty for nowhere. Only this file, and numbered ones beside it, is ever written.</summary>
    public string File { get; init; } = "";

    /// <summary>What goes to an OpenTelemetry collector; null for nothing.</summary>
    public SpanOptions? Spans { get; init; }

    /// <summary>True when a request is not traced whose caller says that it does not trace it.</summary>
    public bool FollowsCallers { get; init; }

    /// <summary>The settings that hold where no client has set others.</summary>
    public TraceSettings Start { get; init; } = TraceSettings.Default;

    /// <summary>True when what is traced goes anywhere.</summary>
    public bool HasDestination => File.Length > 0 || Spans is not null;

    /// <summary>The most bytes that are written, over all files; what comes after is dropped.</summary>
    public long MaxBytes { get; init; } = 1L << 30;

    /// <summary>The most traces that wait to be written; more are dropped.</summary>
    public int MaxWaiting { get; init; } = 4096;

    /// <summary>The most bytes of tensors in traces that wait to be written; more are dropped.</summary>
    public long MaxWaitingBytes { get; init; } = 64 << 20;
}
