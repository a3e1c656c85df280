namespace InferenceServer.Abstractions.Backends;

/// <summary>
/// An engine that runs models of one format. One object serves the whole process; it must allow loads from several threads at once.
/// Disposing it (where it is <see cref="IDisposable"/>) happens after all its models are disposed.
/// </summary>
public interface IBackend
{
    /// <summary>The backend's name and the files it reads.</summary>
    BackendDescriptor Descriptor { get; }

    /// <summary>
    /// Sets up what a load of any model needs, such as a native library and its threads, as <see cref="Prepare"/> would do. Called while the server starts, before a model is loaded or beside that, where there
    /// seem to be models of the backend; nothing relies on it. What goes wrong is for <see cref="Prepare"/> to say. Nothing, unless the backend has something.
    /// </summary>
    /// <param name="settings">The server's settings for this backend, by key.</param>
    /// <param name="processorCount">The processors that the process may use at once.</param>
    void WarmUp(IReadOnlyDictionary<string, string> settings, int processorCount)
    {
    }

    /// <summary>
    /// Sets up what all models share, if that has not been done. Called before each load, so that what the first one brings with it, such as threads, is
    /// not taken for memory of that model. Nothing, unless the backend has something.
    /// </summary>
    /// <exception cref="Errors.BackendException">It cannot be set up, and so no model can be loaded.</exception>
    void Prepare(ModelLoadContext context)
    {
    }

    /// <summary>Loads one version of a model: reads its weights and finds out its signature. Runs outside the inference path.</summary>
    /// <exception cref="Errors.BackendException">The model cannot be loaded; the message says why and what to do.</exception>
    ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken);
}
