namespace InferenceServer.Abstractions.Errors;

/// <summary>
/// How a backend reports that a load or an execution failed. The message reaches the caller, so it names the tensor or the
/// setting and never a path. Any other exception that leaves a backend counts as <see cref="ErrorCode.Internal"/>.
/// </summary>
public sealed class BackendException : Exception
{
    /// <summary>Makes a failure of the code <see cref="ErrorCode.Internal"/> without a message of its own.</summary>
    public BackendException()
    {
    }

    /// <summary>Makes a failure of the code <see cref="ErrorCode.Internal"/>.</summary>
    public BackendException(string message)
        : base(message)
    {
    }

    /// <summary>Makes a failure of the code <see cref="ErrorCode.Internal"/> with its cause.</summary>
    public BackendException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes a failure of the given code.</summary>
    public BackendException(ErrorCode code, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
    }

    /// <summary>The kind of failure.</summary>
    public ErrorCode Code { get; } = ErrorCode.Internal;
}
