namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>The content codings of HTTP that this server reads and writes.</summary>
internal enum ContentCoding
{
    /// <summary>The bytes as they are.</summary>
    Identity,

    /// <summary>RFC 1952.</summary>
    Gzip,

    /// <summary>What HTTP calls deflate: RFC 1951 in the wrapper of RFC 1950.</summary>
    Deflate,
}
