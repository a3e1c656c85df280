using Microsoft.AspNetCore.Http.Metadata;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Lifts the web server's limit on request bodies for one endpoint.</summary>
internal sealed class NoBodySizeLimit : IRequestSizeLimitMetadata
{
    public static readonly NoBodySizeLimit Instance = new();

    public long? MaxRequestBodySize => null;
}
