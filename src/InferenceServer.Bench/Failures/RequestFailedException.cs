namespace InferenceServer.Bench.Failures;

/// <summary>A request has no good answer, and it is known why.</summary>
internal sealed class RequestFailedException(RequestFailure failure) : Exception(failure.ToString())
{
    public RequestFailure Failure { get; } = failure;

    public static RequestFailedException Timeout(string server, TimeSpan timeout) =>
        new(new RequestFailure(RequestFailure.Timeout, FormattableString.Invariant($"no answer from {server} within {timeout.TotalSeconds:0.###} s")));

    public static RequestFailedException Differs() => new(new RequestFailure(RequestFailure.Differs, "an answer differs from the first one"));
}
