namespace InferenceServer.Core.Access;

/// <summary>One right: these scopes for these models.</summary>
/// <param name="Scopes">The scopes.</param>
/// <param name="Models">The models; of what is no matter of one model, <see cref="AccessScopes.Metrics"/> is for the whole server in any case.</param>
public sealed record AccessGrant(AccessScopes Scopes, ModelPatterns Models);
