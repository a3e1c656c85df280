using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>What a request is told whose body was not let in.</summary>
internal static class RequestMemoryErrors
{
    /// <summary>It has waited for as long as a body may wait.</summary>
    /// <param name="bytes">How many bytes it asked for.</param>
    /// <param name="held">How many it had been given before, of a body whose length nobody knew.</param>
    /// <param name="inUse">How many are taken.</param>
    /// <param name="limit">How many there are.</param>
    /// <param name="wait">How long it has waited.</param>
    public static InferenceError NoRoom(long bytes, long held, long inUse, long limit, TimeSpan wait) =>
        new(ErrorCode.Unavailable, FormattableString.Invariant($"{Describe(bytes, held)} has waited for {wait.TotalSeconds} s and there is still no room for it: the requests in flight have {inUse} of {limit} bytes (--max-request-memory-bytes); try again later"))
        {
            Subject = "request body",
            Expected = FormattableString.Invariant($"at most {limit} bytes of all requests in flight together"),
            Actual = FormattableString.Invariant($"{bytes} bytes beside {inUse} in use"),
        };

    /// <summary>The deadline of the request was sooner.</summary>
    public static InferenceError DeadlineExceeded(long bytes, long held, long inUse, long limit) =>
        new(ErrorCode.DeadlineExceeded, FormattableString.Invariant($"the deadline of the request passed while its body waited for room: {Describe(bytes, held)} found {inUse} of {limit} bytes (--max-request-memory-bytes) in use"))
        {
            Subject = "deadline",
            IsCallersLimit = true,
        };

    private static string Describe(long bytes, long held) => held == 0
        ? FormattableString.Invariant($"the request body of {bytes} bytes")
        : FormattableString.Invariant($"the request body, of which {held} bytes have come and which asks for {bytes} more,");
}
