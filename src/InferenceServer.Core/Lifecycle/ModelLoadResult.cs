namespace InferenceServer.Core.Lifecycle;

/// <summary>Either a loaded version or the reason why there is none.</summary>
internal readonly record struct ModelLoadResult(ServedModel? Served, string Reason)
{
    public static ModelLoadResult Loaded(ServedModel served) => new(served, "");

    public static ModelLoadResult Failed(string reason) => new(null, reason);
}
