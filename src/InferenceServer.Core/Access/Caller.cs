using System.Collections.Immutable;

namespace InferenceServer.Core.Access;

/// <summary>Who sends a request, and what it may do. Where nobody is asked who they are there is none, and everything is allowed.</summary>
public sealed class Caller
{
    /// <param name="id">What the operator, or the issuer of a token, calls it. It is shown in logs.</param>
    /// <param name="grants">Its rights.</param>
    /// <param name="quota">Its limits; null for none.</param>
    public Caller(string id, ImmutableArray<AccessGrant> grants, CallerQuota? quota)
    {
        Id = id;
        Grants = grants;
        Quota = quota;
        foreach (var grant in grants)
        {
            Scopes |= grant.Scopes;
        }
    }

    /// <summary>What it is called.</summary>
    public string Id { get; }

    /// <summary>Its rights.</summary>
    public ImmutableArray<AccessGrant> Grants { get; }

    /// <summary>Its limits; null for none.</summary>
    public CallerQuota? Quota { get; }

    /// <summary>Every scope that it has for some model.</summary>
    public AccessScopes Scopes { get; }

    /// <summary>True when it has one of the scopes for some model.</summary>
    public bool HoldsAny(AccessScopes scopes) => (Scopes & scopes) != 0;

    /// <summary>True when it has one of the scopes for every model, those to come too: what concerns the whole server asks for that.</summary>
    public bool HoldsForAll(AccessScopes scopes)
    {
        foreach (var grant in Grants)
        {
            if ((grant.Scopes & scopes) != 0 && grant.Models.IsAll)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True when it has one of the scopes for a model.</summary>
    /// <param name="scopes">The scopes.</param>
    /// <param name="model">The model's whole name, or the name of an alias; null for a name that stands for no model or for several, which only those may use who may use all.</param>
    public bool May(AccessScopes scopes, string? model)
    {
        foreach (var grant in Grants)
        {
            if ((grant.Scopes & scopes) != 0 && (grant.Models.IsAll || (model is not null && grant.Models.Match(model))))
            {
                return true;
            }
        }

        return false;
    }
}
