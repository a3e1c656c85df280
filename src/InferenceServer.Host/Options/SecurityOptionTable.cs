using System.Collections.Immutable;
using InferenceServer.Host.Tokens;

namespace InferenceServer.Host.Options;

/// <summary>The options of access and encryption.</summary>
internal static class SecurityOptionTable
{
    public static OptionDefinition AccessFile { get; } = new("access-file", "AccessFile", OptionKind.Text, "", "A JSON file of the API keys and client certificates that are known, with their rights and limits. With it, or with --jwt-issuer, callers have to show who they are.");

    public static OptionDefinition PublicApi { get; } = new("public-api", "PublicApi", OptionKind.List, "health", "What everybody may ask where callers have to show who they are: health, metrics, or none. May be given several times.");

    public static OptionDefinition AllowSettingChanges { get; } = new("allow-setting-changes", "AllowSettingChanges", OptionKind.Boolean, "false", "Let requests change the settings of the log and of tracing.");

    public static OptionDefinition JwtIssuer { get; } = new("jwt-issuer", "JwtIssuer", OptionKind.Text, "", "Take tokens (JWT) of this issuer, which is named as their claim iss names it.");

    public static OptionDefinition JwtAudience { get; } = new("jwt-audience", "JwtAudience", OptionKind.List, "", "Whom tokens must be for: one of these in their claim aud. May be given several times.");

    public static OptionDefinition JwtKeysFile { get; } = new("jwt-jwks-file", "JwtJwksFile", OptionKind.Text, "", "The issuer's public keys, a JSON Web Key Set; without it they are fetched from where the issuer publishes them.");

    public static OptionDefinition JwtDiscoveryUrl { get; } = new("jwt-discovery-url", "JwtDiscoveryUrl", OptionKind.Text, "", "Where the issuer describes itself; <issuer>/.well-known/openid-configuration when not given.");

    public static OptionDefinition JwtAllowHttp { get; } = new("jwt-allow-http", "JwtAllowHttp", OptionKind.Boolean, "false", "Fetch the issuer's keys without TLS too: whoever can change what comes can make tokens.");

    public static OptionDefinition JwtAlgorithm { get; } = new("jwt-algorithm", "JwtAlgorithm", OptionKind.List, "RS256,PS256,ES256", $"The signatures that tokens may have, of {string.Join(", ", TokenOptions.KnownAlgorithms)}, with commas between them. May be given several times.");

    public static OptionDefinition JwtClockSkew { get; } = new("jwt-clock-skew-secs", "JwtClockSkewSecs", OptionKind.Number, "30", "How far the clock of the issuer may be from this one, in seconds.") { Unit = OptionUnit.Seconds, Maximum = 600 };

    public static OptionDefinition JwtScopePrefix { get; } = new("jwt-scope-prefix", "JwtScopePrefix", OptionKind.Text, "", "What stands in front of the names of scopes in the claims scope and scp.");

    public static OptionDefinition JwtModelsClaim { get; } = new("jwt-models-claim", "JwtModelsClaim", OptionKind.Text, "", "The claim that names the models a token is for; a token without it is for none then. When not given, tokens are for all models.");

    public static OptionDefinition HttpCorsOrigin { get; } = new("http-cors-origin", "HttpCorsOrigin", OptionKind.List, "", "Let pages in browsers from there call over HTTP: <scheme>://<host>[:<port>], or * for anywhere. May be given several times.");

    public static OptionDefinition HttpCorsHeader { get; } = new("http-cors-header", "HttpCorsHeader", OptionKind.List, "", "A header that those pages may send beside the server's own. May be given several times.");

    public static TlsOptionGroup Http { get; } = new("http", "Http", "HTTP");

    public static TlsOptionGroup Grpc { get; } = new("grpc", "Grpc", "gRPC");

    public static TlsOptionGroup Metrics { get; } = new("metrics", "Metrics", "metrics");

    /// <summary>All of them, with those that they belong to.</summary>
    public static ImmutableArray<OptionGroup> Groups { get; } =
    [
        new("Callers and their rights", [AccessFile, PublicApi, AllowSettingChanges]),
        new("Tokens", [JwtIssuer, JwtAudience, JwtKeysFile, JwtDiscoveryUrl, JwtAllowHttp, JwtAlgorithm, JwtClockSkew, JwtScopePrefix, JwtModelsClaim]),
        new("TLS", [.. Http.All, .. Grpc.All, .. Metrics.All]),
        new("Pages in browsers", [HttpCorsOrigin, HttpCorsHeader]),
    ];
}
