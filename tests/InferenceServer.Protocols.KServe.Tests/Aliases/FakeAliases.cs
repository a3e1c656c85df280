using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Protocols.KServe.Tests.Aliases;

/// <summary>Real aliases over a catalog without models.</summary>
internal static class FakeAliases
{
    public static AliasRegistry None() => new(new ModelCatalog(), static () => new HashSet<string>(), ModelControlMode.None, TimeProvider.System, NullLogger<AliasRegistry>.Instance);
}
