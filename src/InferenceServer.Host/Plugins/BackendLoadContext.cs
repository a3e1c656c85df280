using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Loader;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Plugins;

/// <summary>
/// Where the assemblies of one backend live, apart from the server's and from those of other backends: two may bring different versions of the same library. The
/// contract alone is the server's, or else its types would not be the same ones.
/// </summary>
internal sealed class BackendLoadContext(string name, string assemblyPath) : AssemblyLoadContext($"backend {name}")
{
    private static readonly string s_contract = typeof(IBackend).Assembly.GetName().Name!;

    private readonly AssemblyDependencyResolver _resolver = new(assemblyPath);

    /// <inheritdoc />
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Whoever makes one has been asked whether assemblies can be loaded.")]
    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name != s_contract && _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;

    /// <inheritdoc />
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
