namespace InferenceServer.Core.Lifecycle;

/// <summary>Either a loaded version or the reason why there is none.</summary>
internal readonly record struct ModelLoadResult(ServedModel? Served, string Reason)
{
    /// <summary>The load was ended, which is no fault of the version.</summary>
    public static ModelLoadResult Cancelled { get; } = new(null, "the load was ended, since the version is not wanted any more or the server stops") { IsCancelled = true };

    public bool IsCancelled { get; private init; }

    /// <summary>What serves cannot take the configuration on.</summary>
    public static ModelLoadResult Untunable { get; } = new(null, "") { NeedsLoad = true };

    public bool NeedsLoad { get; private init; }

    /// <summary>True when the version was loaded before, and has taken on another configuration where it is.</summary>
    public bool IsTuned { get; private init; }

    public static ModelLoadResult Loaded(ServedModel served) => new(served, "");

    public static ModelLoadResult Tuned(ServedModel served) => new(served, "") { IsTuned = true };

    public static ModelLoadResult Failed(string reason) => new(null, reason);
}
