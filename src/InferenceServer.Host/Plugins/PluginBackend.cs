using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Host.Trials;

namespace InferenceServer.Host.Plugins;

/// <summary>
/// A backend in a folder of its own. Its code is loaded with the first model that needs it; when that fails, the model is told why, and the next one tries again.
/// </summary>
/// <param name="folder">Its folder.</param>
/// <param name="trial">Where its models are loaded first; null for an engine that may be given any.</param>
internal sealed class PluginBackend(BackendFolder folder, LoadTrial? trial) : IBackend, IDisposable
{
    private readonly Lock _gate = new();
    private IBackend? _backend;

    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = folder.Descriptor;

    /// <inheritdoc />
    public void Prepare(ModelLoadContext context) => Guard(backend =>
    {
        backend.Prepare(context);
        return true;
    });

    /// <inheritdoc />
    public async ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        if (trial is not null && folder.Problem is null)
        {
            await trial.RunAsync(context, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await Guard(backend => backend.LoadAsync(context, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception exception) when (PluginFailure.Describe(exception) is { } reason)
        {
            throw Broken(reason, exception);
        }
    }

    /// <inheritdoc />
    public void Dispose() => (_backend as IDisposable)?.Dispose();

    private T Guard<T>(Func<IBackend, T> use)
    {
        try
        {
            return use(Get());
        }
        catch (Exception exception) when (PluginFailure.Describe(exception) is { } reason)
        {
            throw Broken(reason, exception);
        }
    }

    private IBackend Get()
    {
        lock (_gate)
        {
            return _backend ??= Make();
        }
    }

    private IBackend Make()
    {
        if (folder.Problem is { } problem)
        {
            throw Broken(problem, null);
        }

        return BackendCode.CanBeLoaded ? Make(folder.Manifest!) : throw Broken(BackendCode.NativeProblem, null);
    }

    [RequiresUnreferencedCode("It loads an assembly.")]
    private IBackend Make(BackendManifest manifest)
    {
        var assembly = Load(manifest);
        CheckContract(assembly);
        if (assembly.GetType(manifest.Type, throwOnError: false) is not { } type)
        {
            throw Broken($"{BackendManifest.FileName}: the field 'type' names '{manifest.Type}', which is not in {manifest.Assembly}", null);
        }

        if (!typeof(IBackend).IsAssignableFrom(type) || type.IsAbstract || type.GetConstructor(Type.EmptyTypes) is null)
        {
            throw Broken($"{manifest.Type} must implement {typeof(IBackend).FullName} and have a public constructor without parameters", null);
        }

        var backend = (IBackend)Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions, null, null, null)!;
        if (DescriptorComparison.FindDifference(manifest.Descriptor, backend.Descriptor) is { } difference)
        {
            (backend as IDisposable)?.Dispose();
            throw Broken(difference, null);
        }

        return backend;
    }

    [RequiresUnreferencedCode("It loads an assembly.")]
    private Assembly Load(BackendManifest manifest)
    {
        var path = Path.Combine(folder.Path, manifest.Assembly);
        try
        {
            return new BackendLoadContext(folder.Name, path).LoadFromAssemblyPath(path);
        }
        catch (BadImageFormatException exception)
        {
            throw Broken($"{manifest.Assembly} is no assembly for this platform", exception);
        }
    }

    /// <summary>One that was built against a later contract may call what is not there.</summary>
    [RequiresUnreferencedCode("It looks into an assembly that was loaded.")]
    private void CheckContract(Assembly assembly)
    {
        var own = typeof(IBackend).Assembly.GetName();
        var wanted = assembly.GetReferencedAssemblies().FirstOrDefault(name => name.Name == own.Name);
        if (wanted?.Version > own.Version)
        {
            throw Broken($"it was built against {own.Name} {wanted?.Version}, and this server has {own.Version}: use the server that it was built for, or build it anew", null);
        }
    }

    private BackendException Broken(string reason, Exception? inner)
    {
        var message = $"backend '{folder.Name}' in '{folder.Path}' cannot be used: {reason}";
        return inner is null ? new BackendException(ErrorCode.Unavailable, message) : new BackendException(ErrorCode.Unavailable, message, inner);
    }
}
