namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>How the elements of an npy file lie in it.</summary>
internal enum NpyElementKind
{
    /// <summary>As a tensor has them, but for the order of their bytes.</summary>
    Fixed,

    /// <summary>Byte strings, filled up with zero bytes to one length (NumPy's <c>S</c>).</summary>
    ByteStrings,

    /// <summary>Code points of 32 bits, filled up with zeros to one number of them (NumPy's <c>U</c>).</summary>
    CodePoints,
}
