using InferenceServer.Core.Access;

namespace InferenceServer.Host.Tokens;

/// <summary>What a token says.</summary>
/// <param name="Subject">Who has it; null when it is not taken.</param>
/// <param name="Grant">Its rights; null when it is not taken.</param>
/// <param name="IsUndecided">True when the issuer's keys are not known, so that nothing can be said.</param>
internal readonly record struct TokenOutcome(string? Subject, AccessGrant? Grant, bool IsUndecided = false);
