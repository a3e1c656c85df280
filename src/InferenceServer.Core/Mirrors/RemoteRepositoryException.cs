namespace InferenceServer.Core.Mirrors;

/// <summary>
/// A store did not do what it was asked for. The message may be shown to clients: it says what the store answered, and holds no address, no secret and nothing
/// that the store made up beside its error code.
/// </summary>
public sealed class RemoteRepositoryException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, as half a sentence.</param>
    public RemoteRepositoryException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, as half a sentence.</param>
    /// <param name="innerException">What it came from.</param>
    public RemoteRepositoryException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception.</summary>
    public RemoteRepositoryException()
        : this("the store failed")
    {
    }

    /// <summary>True when the same call may succeed a moment later.</summary>
    public bool IsTransient { get; init; }

    /// <summary>True when the object is gone, or is not what was listed any more.</summary>
    public bool IsChanged { get; init; }
}
