using System.IO.Hashing;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Tells one content from another within the process. Nothing rests on it that anybody could gain by: whoever can write the content can have it loaded. A cryptographic one would have every server load OpenSSL
/// at its start.
/// </summary>
internal static class ContentStamp
{
    /// <summary>The stamp of some content.</summary>
    public static string Of(ReadOnlySpan<byte> content) => Convert.ToHexString(XxHash128.Hash(content));
}
