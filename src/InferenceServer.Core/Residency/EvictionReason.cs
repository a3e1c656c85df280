namespace InferenceServer.Core.Residency;

/// <summary>Why a model has left the memory although it is wanted.</summary>
public enum EvictionReason
{
    /// <summary>Another model needed its room.</summary>
    Memory,

    /// <summary>Nobody has asked for it for long.</summary>
    Idle,
}
