using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>How a stream, which can only throw, tells its reader that the client's data cannot be used.</summary>
internal sealed class UnusableBodyException(InferenceError error, Exception? innerException = null) : Exception(error.Message, innerException)
{
    /// <summary>What the client is told.</summary>
    public InferenceError Error { get; } = error;
}
