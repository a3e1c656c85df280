using System.Collections.Immutable;

namespace InferenceServer.Protocols.KServe;

/// <summary>The extensions of KServe v2 that the server metadata lists; a name is added together with what it promises.</summary>
internal static class ServerExtensions
{
    public static ImmutableArray<string> Names { get; } = ["model_configuration", "binary_tensor_data", "parameters"];
}
