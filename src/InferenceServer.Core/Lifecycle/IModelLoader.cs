namespace InferenceServer.Core.Lifecycle;

/// <summary>Loads one version.</summary>
internal interface IModelLoader
{
    /// <summary>Loads the version. Expected failures come back as a reason, never as an exception.</summary>
    Task<ModelLoadResult> LoadAsync(string modelName, AspiredVersion version, CancellationToken cancellationToken);
}
