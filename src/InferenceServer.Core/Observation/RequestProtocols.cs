using System.Collections.Immutable;

namespace InferenceServer.Core.Observation;

/// <summary>The words for protocols in metrics, logs and traces.</summary>
public static class RequestProtocols
{
    /// <summary>All protocols, in the order of their numbers.</summary>
    public static ImmutableArray<RequestProtocol> All { get; } = [.. Enum.GetValues<RequestProtocol>()];

    /// <summary>The word for a protocol.</summary>
    public static string NameOf(RequestProtocol protocol) => protocol switch
    {
        RequestProtocol.Http => "http",
        RequestProtocol.Rpc => "grpc",
        _ => "internal",
    };
}
