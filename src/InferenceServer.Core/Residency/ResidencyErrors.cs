using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Residency;

/// <summary>The sentences that requests for models which are not in memory are refused with.</summary>
internal static class ResidencyErrors
{
    public static InferenceError TooManyWaiting(string model, int limit) =>
        new(ErrorCode.Unavailable, FormattableString.Invariant($"model '{model}' is not in memory, and {limit} requests wait for models to be loaded already; try again later")) { Subject = model };

    public static InferenceError LoadTookTooLong(string model) =>
        new(ErrorCode.Unavailable, $"model '{model}' is loaded on demand, and could not be loaded in the time that a request waits for it; try again later") { Subject = model };

    public static InferenceError LoadFailed(string model, string reason) =>
        new(ErrorCode.Unavailable, $"Request for model '{model}', which is loaded on demand: {reason}") { Subject = model };
}
