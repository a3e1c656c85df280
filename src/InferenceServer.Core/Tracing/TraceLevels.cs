namespace InferenceServer.Core.Tracing;

/// <summary>What of a request is traced.</summary>
[Flags]
public enum TraceLevels
{
    /// <summary>Nothing: the request is not traced.</summary>
    Off = 0,

    /// <summary>When it passed which place.</summary>
    Timestamps = 1,

    /// <summary>Its input and output tensors.</summary>
    Tensors = 2,
}
