using InferenceServer.Protocols.KServe.Rpc.Plain;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// The endpoints that run models, by the paths that they have to the letter: once the router has found one, nearly every request is for it, and need not be looked up again. What the router writes down
/// of a path's parts is not there then.
/// </summary>
public sealed class InferenceEndpoints
{
    internal const string ModelPattern = "/v2/models/{model}/infer";
    internal const string VersionPattern = "/v2/models/{model}/versions/{version}/infer";

    private const string Root = "/v2/models/";
    private const string Versions = "/versions/";
    private const string Action = "/infer";

    private volatile Endpoint? _ofModel;
    private volatile Endpoint? _ofVersion;
    private volatile Endpoint? _ofRpc;

    /// <summary>The endpoint of a path over HTTP; null when it is another, or not known yet.</summary>
    public Endpoint? FindHttp(string? path)
    {
        if (path is null || !path.StartsWith(Root, StringComparison.Ordinal) || !path.EndsWith(Action, StringComparison.Ordinal) || path.Length <= Root.Length + Action.Length)
        {
            return null;
        }

        var model = path.AsSpan()[Root.Length..^Action.Length];
        var slash = model.IndexOf('/');
        if (slash < 0)
        {
            return _ofModel;
        }

        var rest = model[slash..];
        return slash > 0 && rest.StartsWith(Versions, StringComparison.Ordinal) && rest.Length > Versions.Length && !rest[Versions.Length..].Contains('/') ? _ofVersion : null;
    }

    /// <summary>The endpoint of a call over gRPC; null when it is another, or not known yet.</summary>
    public Endpoint? FindRpc(string? path) => path == PlainInferCall.Method ? _ofRpc : null;

    /// <summary>The router has found the endpoint of a pattern.</summary>
    internal void Keep(string pattern, Endpoint? endpoint)
    {
        switch (pattern)
        {
            case ModelPattern:
                _ofModel ??= endpoint;
                break;
            case VersionPattern:
                _ofVersion ??= endpoint;
                break;
            case PlainInferCall.Method:
                _ofRpc ??= endpoint;
                break;
            default:
                break;
        }
    }
}
