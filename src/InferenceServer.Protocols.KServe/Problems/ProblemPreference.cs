using InferenceServer.Protocols.KServe.Http;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Problems;

/// <summary>Whether a client wants an error with its details.</summary>
internal static class ProblemPreference
{
    /// <summary>The type of an error with its details (RFC 9457).</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>
    /// True when the client names the type itself and does not like plain JSON better: some clients refuse members that they do not know.
    /// </summary>
    public static bool WantsDetails(in StringValues accept) =>
        MediaRanges.Weigh(accept, static range => range.Equals(MediaType, StringComparison.OrdinalIgnoreCase)) is var (wanted, json) && wanted > 0 && wanted >= json;
}
