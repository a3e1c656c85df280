using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Routing;

/// <summary>An alias as a text declares it, and where.</summary>
internal sealed record DeclaredAlias(AliasConfig Config, ConfigPosition Position);
