using System.Collections.Immutable;

namespace InferenceServer.Protocols.KServe;

/// <summary>The protocol extensions that the server metadata lists, over HTTP as over gRPC. A name stands here once what it names works.</summary>
public static class ServerExtensions
{
    /// <summary>The names, in the order in which they are shown.</summary>
    public static ImmutableArray<string> Names { get; } = ["classification", "model_configuration", "binary_tensor_data", "parameters", "statistics"];
}
