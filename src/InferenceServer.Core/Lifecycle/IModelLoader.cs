namespace InferenceServer.Core.Lifecycle;

/// <summary>Loads one version, or has one that is loaded take on another configuration.</summary>
internal interface IModelLoader
{
    /// <summary>Sets up what the version's backend needs for any model.</summary>
    /// <returns>Null, or why that cannot be.</returns>
    ModelLoadResult? Prepare(string modelName, AspiredVersion version) => null;

    /// <summary>Loads the version and warms it up. Expected failures come back as a reason, never as an exception.</summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="version">The version.</param>
    /// <param name="onWarmup">Called when the version is loaded and a warm-up begins.</param>
    /// <param name="cancellationToken">Ends the load.</param>
    Task<ModelLoadResult> LoadAsync(string modelName, AspiredVersion version, Action onWarmup, CancellationToken cancellationToken);

    /// <summary>
    /// Has a version that serves take on another configuration without a load, where the two differ in nothing but in what may change while requests are in flight.
    /// Requests that wait and run are not disturbed. Expected failures come back as a reason, and leave everything as it was.
    /// </summary>
    /// <param name="served">The version that serves.</param>
    /// <param name="before">What it was loaded from.</param>
    /// <param name="wanted">What is wanted in its place.</param>
    /// <param name="onWarmup">Called when instances that have been added are warmed up.</param>
    /// <param name="cancellationToken">Ends it, as long as nothing is in force yet.</param>
    /// <returns>Null when it takes a load.</returns>
    Task<ModelLoadResult?> TuneAsync(ServedModel served, AspiredVersion before, AspiredVersion wanted, Action onWarmup, CancellationToken cancellationToken);
}
