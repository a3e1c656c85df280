namespace InferenceServer.Core.Routing;

/// <summary>Why an alias went back to its stable target.</summary>
public enum RollbackCause
{
    /// <summary>Too many requests of another target failed.</summary>
    ErrorRate,

    /// <summary>Too many requests of another target took too long.</summary>
    Latency,

    /// <summary>Somebody asked for it.</summary>
    Request,
}
