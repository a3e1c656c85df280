namespace InferenceServer.Core.Tracing;

/// <summary>What the operator says of tracing where the server is started.</summary>
public sealed record TraceOptions
{
    /// <summary>Where traces are written; empty for nowhere, and then nothing can be traced. Only this file, and numbered ones beside it, is ever written.</summary>
    public string File { get; init; } = "";

    /// <summary>The settings that hold where no client has set others.</summary>
    public TraceSettings Start { get; init; } = TraceSettings.Default;

    /// <summary>The most bytes that are written, over all files; what comes after is dropped.</summary>
    public long MaxBytes { get; init; } = 1L << 30;

    /// <summary>The most traces that wait to be written; more are dropped.</summary>
    public int MaxWaiting { get; init; } = 4096;

    /// <summary>The most bytes of tensors in traces that wait to be written; more are dropped.</summary>
    public long MaxWaitingBytes { get; init; } = 64 << 20;
}
