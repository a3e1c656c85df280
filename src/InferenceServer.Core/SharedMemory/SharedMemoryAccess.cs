namespace InferenceServer.Core.SharedMemory;

/// <summary>How reading or writing an object ended.</summary>
internal enum SharedMemoryAccess
{
    /// <summary>Every byte is where it should be.</summary>
    Done,

    /// <summary>The object has become shorter than it was when it was registered.</summary>
    Shortened,

    /// <summary>The system refused, most often because it has no memory for the object's pages.</summary>
    Refused,
}
