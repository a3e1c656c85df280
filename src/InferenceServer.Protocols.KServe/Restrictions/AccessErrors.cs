using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>
/// The sentences that callers are refused with. What they may not use and what is not there are told in the same words, and of a credential nothing but that
/// it is not taken.
/// </summary>
public static class AccessErrors
{
    /// <summary>There is no credential.</summary>
    public static InferenceError Anonymous() => new(ErrorCode.Unauthenticated, "this server asks for a credential: an API key or a token as 'Authorization: Bearer <credential>', or an API key as 'X-API-Key: <key>'") { Expected = "a credential" };

    /// <summary>There is one, and it is not taken.</summary>
    public static InferenceError WrongCredential() => new(ErrorCode.Unauthenticated, "the credential is not valid") { Expected = "a valid credential" };

    /// <summary>The caller lacks a scope.</summary>
    public static InferenceError Scope(AccessScopes scopes) =>
        new(ErrorCode.PermissionDenied, $"the caller has no right to this: expected the scope {AccessScopeNames.NamesOf(scopes).Replace(" ", " or ", StringComparison.Ordinal)}") { Expected = AccessScopeNames.NamesOf(scopes) };

    /// <summary>The caller has no right to a model, whether there is one of the name or not.</summary>
    public static InferenceError Model(AccessScopes scopes) =>
        new(ErrorCode.PermissionDenied, $"the caller has no right to this model: expected the scope {AccessScopeNames.NamesOf(scopes).Replace(" ", " or ", StringComparison.Ordinal)} for it") { Expected = AccessScopeNames.NamesOf(scopes) };

    /// <summary>What concerns the whole server, for a caller whose right is for some models alone.</summary>
    public static InferenceError WholeServer(AccessScopes scopes) =>
        new(ErrorCode.PermissionDenied, $"this concerns the whole server: expected the scope {AccessScopeNames.NamesOf(scopes).Replace(" ", " or ", StringComparison.Ordinal)} for every model") { Expected = AccessScopeNames.NamesOf(scopes) + " for *" };

    /// <summary>A region of shared memory in a request, whose content might be anybody's.</summary>
    public static InferenceError SharedTensors() =>
        new(ErrorCode.PermissionDenied, "the caller has no right to tensors in shared memory: expected the scope shared-memory for every model") { Subject = "shared_memory_region", Expected = "shared-memory for *" };

    /// <summary>The endpoint has no rule.</summary>
    public static InferenceError Unclassified() => new(ErrorCode.PermissionDenied, "nobody may reach this");

    /// <summary>The caller has had its share.</summary>
    public static InferenceError Quota(QuotaVerdict verdict, CallerLimits limits, TimeSpan retryAfter)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var expected = verdict == QuotaVerdict.TooMany
            ? FormattableString.Invariant($"at most {limits.ConcurrentRequests} requests in flight")
            : FormattableString.Invariant($"at most {limits.RequestsPerSecond:0.###} requests a second, {limits.Burst} at once");
        return new(ErrorCode.ResourceExhausted, $"the caller has reached its limit: expected {expected}") { Expected = expected, RetryAfter = retryAfter };
    }
}
