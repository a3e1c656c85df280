using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// What is to serve at start, read while the rest of the process is put together: both take most of the time of a start, and neither needs the other. Only where all models
/// of local folders are served; models that come and go, or come from elsewhere, are read by who follows them.
/// </summary>
public sealed class InitialReading
{
    private readonly Task<(RepositorySnapshot Snapshot, ImmutableArray<AspiredModel> Models)> _read;

    private InitialReading(RepositoryScanner scanner, CoreOptions options, IReadOnlyList<IBackend> backends) =>
        _read = Begin(() =>
        {
            var snapshot = scanner.Scan();
            WarmUp(snapshot, options, backends);
            return (snapshot, AspiredModels.From(snapshot, [.. backends.Select(static backend => backend.Descriptor)]));
        });

    /// <summary>Begins to bring into memory what reading any configuration needs: the description of its fields takes longer than the reading. Nothing relies on it.</summary>
    public static void BeginWarmUp() => _ = Begin(static () => global::Inference.ModelConfig.Descriptor);

    /// <summary>Begins to read, if what is to serve is what lies in the repositories now.</summary>
    /// <param name="options">The core's options. There are no other repositories than those in it.</param>
    /// <param name="files">The file system.</param>
    /// <param name="backends">The engines that models may name.</param>
    /// <returns>Null where somebody else reads.</returns>
    public static InitialReading? TryBegin(CoreOptions options, IFileSystem files, IReadOnlyList<IBackend> backends)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(files);
        if (options.ControlMode == ModelControlMode.Poll || (options.ControlMode != ModelControlMode.None && options.InitialModels is not ["*"]))
        {
            return null;
        }

        return new InitialReading(
            new RepositoryScanner(
                files,
                options.Repositories,
                backends.Select(static backend => backend.Descriptor.BareFileExtension).OfType<string>(),
                options.ModelConfigName,
                options.AllowsModelLinks,
                namespaceOf: options.UsesNamespaces ? folder => ModelNamespaces.OfFolder(files, folder) : null,
                single: options.SingleModel),
            options,
            backends);
    }

    /// <summary>What has been read.</summary>
    /// <exception cref="IOException">A repository cannot be read.</exception>
    internal Task<(RepositorySnapshot Snapshot, ImmutableArray<AspiredModel> Models)> TakeAsync() => _read;

    /// <summary>What engines need for any model is set up beside the reading. A model is taken for an engine's by its files' names: where a configuration says otherwise, that was for nothing.</summary>
    private static void WarmUp(RepositorySnapshot snapshot, CoreOptions options, IReadOnlyList<IBackend> backends)
    {
        foreach (var backend in backends)
        {
            if (snapshot.Models.Any(model => LooksLike(model, backend.Descriptor)))
            {
                _ = Begin(() =>
                {
                    backend.WarmUp(options.BackendSettings(backend.Descriptor.Name), options.ProcessorCount);
                    return true;
                });
            }
        }
    }

    private static bool LooksLike(ModelFolder model, BackendDescriptor backend) =>
        model.Versions.Any(version => model.IsBareFile ? backend.BareFileExtension is { } extension && model.Path.EndsWith(extension, StringComparison.Ordinal) : backend.ModelFilenames.Any(version.Entries.Contains));

    // A thread of its own: those of the pool are as few as processors, and whoever puts the process together needs them.
    private static Task<T> Begin<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
