namespace InferenceServer.Protocols.KServe.Http;

/// <summary>How reading one element of a tensor ended.</summary>
internal enum ElementOutcome
{
    Read,

    /// <summary>The text is no JSON there.</summary>
    Malformed,

    /// <summary>The value is of another kind than the datatype has.</summary>
    WrongKind,

    /// <summary>The value is of the right kind, and the datatype cannot hold it.</summary>
    OutOfRange,
}
