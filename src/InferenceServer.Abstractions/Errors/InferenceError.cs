namespace InferenceServer.Abstractions.Errors;

/// <summary>
/// An expected failure, passed as a value. <see cref="Message"/> is what the protocols send as their error text; the other
/// members say the same for machines. None of them may hold a path, an address, a stack trace or a shared-memory name.
/// </summary>
/// <param name="Code">The kind of failure.</param>
/// <param name="Message">One sentence that names the tensor or field, what was expected and what came.</param>
public sealed record InferenceError(ErrorCode Code, string Message)
{
    /// <summary>The tensor, field or parameter that is wrong, if one is.</summary>
    public string? Subject { get; init; }

    /// <summary>What the server expected of <see cref="Subject"/>, as text: a type, a shape, a count.</summary>
    public string? Expected { get; init; }

    /// <summary>What came instead, as text.</summary>
    public string? Actual { get; init; }

    /// <summary>True when the same request, unchanged, may succeed a little later: by its code, unless said otherwise.</summary>
    public bool IsRetryable { get; init; } = Code is ErrorCode.Unavailable or ErrorCode.ResourceExhausted;

    /// <summary>After how much time a retry is likely to fare better; null when that is not known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when the request has failed by a limit of its own, such as a timeout that it asked for: that says nothing about the model.</summary>
    public bool IsCallersLimit { get; init; }
}
