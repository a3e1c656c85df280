namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>What a caller has to have the right to, where callers are asked who they are.</summary>
public enum AccessRule
{
    /// <summary>Whether the server lives and is ready. Tells nothing of its models, and is open unless the operator says otherwise.</summary>
    Health,

    /// <summary>Whether a model is ready: for whoever may have it run or read what it is.</summary>
    ModelHealth,

    /// <summary>Has a model run.</summary>
    Inference,

    /// <summary>Reads what the server and its models are.</summary>
    Metadata,

    /// <summary>Changes what the server does.</summary>
    Control,

    /// <summary>Reads settings with GET, which is as <see cref="Metadata"/>, and changes them with every other method, which is as <see cref="Control"/>.</summary>
    Settings,

    /// <summary>Regions of shared memory.</summary>
    SharedMemory,

    /// <summary>The metrics of the whole server.</summary>
    Metrics,

    /// <summary>Answers nothing but that there is no such path or rpc, which is nobody's secret.</summary>
    Nothing,
}
