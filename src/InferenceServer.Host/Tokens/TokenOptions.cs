using System.Collections.Immutable;

namespace InferenceServer.Host.Tokens;

/// <summary>Which tokens are taken.</summary>
internal sealed record TokenOptions
{
    /// <summary>The signature algorithms that may be allowed: those with a public key alone. With a shared secret the key that proves a token could also make one.</summary>
    public static ImmutableArray<string> KnownAlgorithms { get; } = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>Who must have made it.</summary>
    public required string Issuer { get; init; }

    /// <summary>Whom it must be for: one of these.</summary>
    public required ImmutableArray<string> Audiences { get; init; }

    /// <summary>The file of the issuer's keys; null when they are fetched.</summary>
    public string? KeysFile { get; init; }

    /// <summary>Where the issuer describes itself; null when the keys are in a file.</summary>
    public Uri? Discovery { get; init; }

    /// <summary>Whether keys may be fetched without TLS.</summary>
    public bool AllowsHttp { get; init; }

    /// <summary>The algorithms that a signature may have.</summary>
    public required ImmutableArray<string> Algorithms { get; init; }

    /// <summary>How far the clocks of issuer and server may be apart.</summary>
    public required TimeSpan ClockSkew { get; init; }

    /// <summary>What stands in front of the names of scopes in a token.</summary>
    public required string ScopePrefix { get; init; }

    /// <summary>The claim that names models; empty when a token is for all of them.</summary>
    public required string ModelsClaim { get; init; }
}
