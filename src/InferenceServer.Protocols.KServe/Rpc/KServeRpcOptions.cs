using System.IO.Compression;

using InferenceServer.Protocols.KServe.Forwarding;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Settings of the KServe v2 service over gRPC.</summary>
public sealed record KServeRpcOptions
{
    /// <summary>
    /// The largest request message, in bytes after decompression. The default is the largest that gRPC can carry, since tensors are large
    /// and the clients of this protocol expect no smaller limit.
    /// </summary>
    public int MaxReceiveMessageBytes { get; init; } = int.MaxValue;

    /// <summary>The largest response message, in bytes before compression.</summary>
    public int MaxSendMessageBytes { get; init; } = int.MaxValue;

    /// <summary>How many requests of one stream may be outstanding; the client's next one waits in the transport.</summary>
    public int MaxRequestsPerStream { get; init; } = 1024;

    /// <summary>
    /// How hard the responses of the two rpcs that infer are compressed, for clients that take gzip; null for not at all. Compressed requests
    /// are taken in any case.
    /// </summary>
    public CompressionLevel? InferResponseCompression { get; init; }

    /// <summary>Which metadata become parameters of inference requests; null for none.</summary>
    public HeaderForwarding? HeaderForwarding { get; init; }

    /// <summary>Whether clients may ask which services there are and what their messages look like.</summary>
    public bool EnableReflection { get; init; } = true;

    /// <summary>How often a health watch looks whether the readiness has changed.</summary>
    public TimeSpan HealthWatchInterval { get; init; } = TimeSpan.FromSeconds(1);
}
