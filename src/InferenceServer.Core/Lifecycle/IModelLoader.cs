namespace InferenceServer.Core.Lifecycle;

/// <summary>Loads one version.</summary>
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
}
