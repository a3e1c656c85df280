namespace InferenceServer.FunctionalTests.SharedMemory;

/// <summary>A tensor that is to go through shared memory, and where.</summary>
/// <param name="DataType">The name of its type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="InputOffset">Where it is read from.</param>
/// <param name="OutputOffset">Where it is written to.</param>
/// <param name="Room">How many bytes more than it needs it may take there.</param>
internal sealed record SharedTensor(string DataType, long[] Shape, byte[] Content, long InputOffset, long OutputOffset, int Room)
{
    /// <summary>The model that gives tensors of this type and number of dimensions back.</summary>
    public string Model => $"{DataType}_{Shape.Length}";

    public long OutputByteSize => Content.Length + Room;
}
