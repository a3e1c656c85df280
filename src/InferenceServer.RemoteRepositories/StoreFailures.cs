using System.Net.Sockets;
using InferenceServer.Core.Mirrors;

namespace InferenceServer.RemoteRepositories;

/// <summary>Says what a store's failure was, in words of our own: a store's texts may repeat keys, addresses and what somebody has put there.</summary>
internal static class StoreFailures
{
    private const int MaxCodeLength = 64;

    /// <summary>The store has answered.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">The store's own code.</param>
    public static RemoteRepositoryException Answered(int status, string? code)
    {
        var isChanged = status == 412 || code is "NoSuchKey" or "BlobNotFound" or "ConditionNotMet";
        var name = code is { Length: > 0 and <= MaxCodeLength } && code.All(static character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-' or '.') ? $" {code}" : "";
        return Failure(isChanged ? $"it is gone or has changed since it was listed ({status}{name})" : $"the store answered {status}{name}", isTransient: status is 408 or 429 or >= 500, isChanged);
    }

    /// <summary>The store has not answered, or not what can be understood. The cause is not kept: its texts may hold anything.</summary>
    public static RemoteRepositoryException Unreachable(Exception cause)
    {
        var causes = new List<Exception>();
        for (var inner = cause; inner is not null; inner = inner.InnerException)
        {
            causes.Add(inner);
        }

        // The innermost knows best.
        return causes.OfType<SocketException>().LastOrDefault() is { } socket ? Failure($"the store cannot be reached ({socket.SocketErrorCode})", isTransient: true)
            : causes.OfType<HttpRequestException>().LastOrDefault() is { HttpRequestError: not HttpRequestError.Unknown } request ? Failure($"the store cannot be reached ({request.HttpRequestError})", isTransient: true)
            : causes.Exists(static inner => inner is OperationCanceledException or TimeoutException) ? Failure("the store did not answer in time", isTransient: true)
            : Failure($"the store cannot be used ({cause.GetType().Name})", isTransient: cause is IOException or HttpRequestException);
    }

    /// <summary>The listing is not what it must be.</summary>
    public static RemoteRepositoryException Malformed(string what) => new($"the store's listing is malformed: {what}");

    private static RemoteRepositoryException Failure(string message, bool isTransient, bool isChanged = false) => new(message) { IsTransient = isTransient, IsChanged = isChanged };
}
