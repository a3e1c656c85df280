namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads one element of a tensor from JSON. Implementations have no state, so that the loop around them is compiled for each.</summary>
/// <typeparam name="T">What an element is in memory.</typeparam>
internal interface IElementReader<T>
    where T : unmanaged
{
    /// <summary>What an element must be, for a message.</summary>
    static abstract string Expected { get; }

    /// <summary>Reads the scalar that comes next.</summary>
    static abstract ElementOutcome Read(ref JsonCursor json, out T value);

    /// <summary>Reads a number as most are from the front of a text; false for everything else, which <see cref="Read"/> takes or refuses.</summary>
    static virtual bool TryReadPlain(ReadOnlySpan<byte> text, out T value, out int length)
    {
        value = default;
        length = 0;
        return false;
    }
}
