using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>Decides whether a caller may do something. Knows no protocol.</summary>
public static class AccessDecision
{
    /// <summary>The scopes of which one is needed; none for what is open to everybody.</summary>
    /// <param name="rule">The endpoint's rule.</param>
    /// <param name="isReading">True for what changes nothing, where the rule makes a difference.</param>
    public static AccessScopes ScopesOf(AccessRule rule, bool isReading) => rule switch
    {
        AccessRule.ModelHealth => AccessScopes.Inference | AccessScopes.Metadata,
        AccessRule.Inference => AccessScopes.Inference,
        AccessRule.Metadata => AccessScopes.Metadata,
        AccessRule.Control => AccessScopes.Control,
        AccessRule.Settings => isReading ? AccessScopes.Metadata : AccessScopes.Control,
        AccessRule.SharedMemory => AccessScopes.SharedMemory,
        AccessRule.Metrics => AccessScopes.Metrics,
        _ => AccessScopes.None,
    };

    /// <summary>What is wrong with a caller's wish for something that names no model; null when nothing is.</summary>
    /// <param name="caller">Who wishes.</param>
    /// <param name="rule">The endpoint's rule.</param>
    /// <param name="isReading">True for what changes nothing.</param>
    public static InferenceError? OfServer(Caller caller, AccessRule rule, bool isReading)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var scopes = ScopesOf(rule, isReading);
        if (scopes == AccessScopes.None)
        {
            return null;
        }

        if (!caller.HoldsAny(scopes))
        {
            return AccessErrors.Scope(scopes);
        }

        // Lists are cut to what the caller may see; what changes the server, or tells of other callers, cannot be cut.
        return scopes is AccessScopes.Control or AccessScopes.SharedMemory && !caller.HoldsForAll(scopes) ? AccessErrors.WholeServer(scopes) : null;
    }

    /// <summary>What is wrong with a caller's wish for a model; null when nothing is.</summary>
    /// <param name="caller">Who wishes.</param>
    /// <param name="rule">The endpoint's rule.</param>
    /// <param name="isReading">True for what changes nothing.</param>
    /// <param name="model">The name that rights are held against, as of <see cref="Caller.May"/>.</param>
    public static InferenceError? OfModel(Caller caller, AccessRule rule, bool isReading, string? model)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var scopes = ScopesOf(rule, isReading);
        return scopes == AccessScopes.None || caller.May(scopes, model) ? null
            : caller.HoldsAny(scopes) ? AccessErrors.Model(scopes)
            : AccessErrors.Scope(scopes);
    }
}
