using System.IO.Compression;

using InferenceServer.Protocols.KServe.Forwarding;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Settings of the KServe v2 service over gRPC.</summary>
public sealed record KServeRpcOptions
{
    /// <summary>
    /// The largest message that can be taken or sent: gRPC carries 2 GiB - 1 bytes, and the library that reads them counts the five bytes in front of
    /// each message in the same 31 bits.
    /// </summary>
    public const int MaxMessageBytes = int.MaxValue - 5;

    /// <summary>
    /// The largest request message, in bytes. The default is the largest that there can be, since tensors are large and the
    /// clients of this protocol expect no smaller limit.
    /// </summary>
    public int MaxReceiveMessageBytes { get; init; } = MaxMessageBytes;

    /// <summary>From how many bytes on the contents of a request message are taken as they come, instead of when all of it has come.</summary>
    internal int LargeMessageBytes { get; init; } = 1 << 20;

    /// <summary>The most bytes that a compressed request message may become.</summary>
    public int MaxInflatedBytes { get; init; } = 64 << 20;

    /// <summary>The largest response message, in bytes before compression.</summary>
    public int MaxSendMessageBytes { get; init; } = MaxMessageBytes;

    /// <summary>How many requests of one stream may be outstanding; the client's next one waits in the transport.</summary>
    public int MaxRequestsPerStream { get; init; } = 1024;

    /// <summary>
    /// How many bytes the responses of all outstanding requests of one stream may take together, going by the largest so far; a client that does not
    /// read can have no more waiting for it. One request may be outstanding in any case.
    /// </summary>
    public long MaxUnreadBytesPerStream { get; init; } = 256 << 20;

    /// <summary>
    /// How hard the responses of the two rpcs that infer are compressed, for clients that take gzip; null for not at all. Compressed requests
    /// are taken in any case.
    /// </summary>
    public CompressionLevel? InferResponseCompression { get; init; }

    /// <summary>Which metadata become parameters of inference requests; null for none.</summary>
    public HeaderForwarding? HeaderForwarding { get; init; }

    /// <summary>Whether clients may ask which services there are and what their messages look like.</summary>
    public bool EnableReflection { get; init; } = true;

    /// <summary>Whether callers are asked who they are, so that each message has to be held against the rights of its caller.</summary>
    public bool ChecksCallers { get; init; }

    /// <summary>How often a health watch looks whether the readiness has changed.</summary>
    public TimeSpan HealthWatchInterval { get; init; } = TimeSpan.FromSeconds(1);
}
