using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Host.Plugins;

/// <summary>Whether this program can run code that it was not built with.</summary>
internal static class BackendCode
{
    /// <summary>What models of a backend in a folder are told by a server that cannot.</summary>
    public const string NativeProblem = "this server is compiled to native code and cannot load assemblies: use the one that runs on .NET";

    /// <summary>False in a server that is compiled to native code (<c>PublishAot</c>), which has nothing that could load an assembly.</summary>
    [FeatureSwitchDefinition("InferenceServer.BackendFolders")]
    [FeatureGuard(typeof(RequiresUnreferencedCodeAttribute))]
    public static bool CanBeLoaded { get; } = !AppContext.TryGetSwitch("InferenceServer.BackendFolders", out var isOn) || isOn;
}
