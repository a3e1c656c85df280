using Grpc.Core;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Forwarding;

/// <summary>The metadata of a call as headers: several entries of one key are one header, bytes are in base64 as on the wire.</summary>
internal static class RpcMetadata
{
    public static IEnumerable<KeyValuePair<string, StringValues>> AsHeaders(Metadata metadata) => metadata
        .GroupBy(static entry => entry.Key, static entry => entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value, StringComparer.Ordinal)
        .Select(static group => KeyValuePair.Create(group.Key, new StringValues([.. group])));
}
