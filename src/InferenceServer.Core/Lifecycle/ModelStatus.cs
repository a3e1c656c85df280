namespace InferenceServer.Core.Lifecycle;

/// <summary>Where one version stands, for people, metrics and the index.</summary>
public sealed record ModelStatus
{
    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>The version's number; null when the model could not be read far enough to know its versions.</summary>
    public long? Version { get; init; }

    /// <summary>Where it stands.</summary>
    public required ModelState State { get; init; }

    /// <summary>Why it does not serve; empty when it does.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The backend's name; empty when it is not known.</summary>
    public string Backend { get; init; } = "";

    /// <summary>How long the last load took.</summary>
    public TimeSpan LoadDuration { get; init; }

    /// <summary>The loaded model; null unless it is ready or draining.</summary>
    public ServedModel? Served { get; init; }
}
