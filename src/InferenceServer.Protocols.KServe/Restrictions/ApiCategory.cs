namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>The groups of routes and rpcs that an operator can restrict; the names are those of Triton's options.</summary>
public enum ApiCategory
{
    /// <summary>Liveness and readiness, of the server and of models.</summary>
    Health,

    /// <summary>The metadata of the server and of models.</summary>
    Metadata,

    /// <summary>Everything that runs a model.</summary>
    Inference,

    /// <summary>Shared-memory regions.</summary>
    SharedMemory,

    /// <summary>The configuration of models.</summary>
    ModelConfig,

    /// <summary>The index of the repository, loading and unloading, and aliases.</summary>
    ModelRepository,

    /// <summary>The statistics of models.</summary>
    Statistics,

    /// <summary>The settings of tracing.</summary>
    Trace,

    /// <summary>The settings of the log.</summary>
    Logging,
}
