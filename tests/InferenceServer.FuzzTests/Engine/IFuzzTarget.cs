namespace InferenceServer.FuzzTests.Engine;

/// <summary>A reader of bytes from outside, and what must hold whatever they are.</summary>
internal interface IFuzzTarget
{
    /// <summary>Its name, in lists and folders.</summary>
    string Name { get; }

    /// <summary>Inputs to begin with: well-formed ones, of every form that the reader knows.</summary>
    IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Pieces of text that mean something to the reader.</summary>
    IReadOnlyList<string> Words { get; }

    /// <summary>Reads one input and checks what must hold.</summary>
    /// <returns>What came of it, in a few words: an input that gives new ones is worth keeping.</returns>
    /// <exception cref="FuzzFindingException">Something does not hold.</exception>
    string Run(byte[] input);
}
