using System.Collections.Immutable;
using Microsoft.IdentityModel.Tokens;

namespace InferenceServer.Host.Tokens;

/// <summary>The keys that an issuer signs with.</summary>
internal interface ISigningKeys
{
    /// <summary>Those known now; none while they could not be had yet.</summary>
    ImmutableArray<SecurityKey> Current { get; }

    /// <summary>Looks for keys that have come since, because somebody has a token of an unknown one; not more often than is bearable.</summary>
    Task RefreshAsync();
}
