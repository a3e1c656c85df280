namespace InferenceServer.Core.Access;

/// <summary>What a caller may do. The names in configuration are those of <see cref="AccessScopeNames"/>.</summary>
[Flags]
public enum AccessScopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Have models run.</summary>
    Inference = 1,

    /// <summary>Read what the server and its models are: metadata, configuration, statistics, index, aliases and settings.</summary>
    Metadata = 2,

    /// <summary>Load and unload models, change aliases, tracing and the log.</summary>
    Control = 4,

    /// <summary>Read the metrics of the whole server.</summary>
    Metrics = 8,

    /// <summary>Register shared memory, and have requests read and write it.</summary>
    SharedMemory = 16,
}
