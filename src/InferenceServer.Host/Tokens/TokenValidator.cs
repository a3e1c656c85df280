using System.Text.Json;
using InferenceServer.Core.Access;
using InferenceServer.Host.Identities;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace InferenceServer.Host.Tokens;

/// <summary>Decides whether a token is taken, and what its bearer may do (RFC 7519, RFC 8725).</summary>
internal sealed class TokenValidator
{
    /// <summary>The most characters of a token.</summary>
    private const int MaxLength = 16 << 10;

    private const int MaxModels = 1000;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxLength };
    private readonly TokenOptions _options;
    private readonly ISigningKeys _keys;
    private readonly TimeProvider _time;

    public TokenValidator(TokenOptions options, ISigningKeys keys, TimeProvider time) => (_options, _keys, _time) = (options, keys, time);

    /// <summary>Judges a token.</summary>
    public async ValueTask<TokenOutcome> ValidateAsync(string token)
    {
        if (token.Length > MaxLength)
        {
            return default;
        }

        var result = await ValidateOnceAsync(token);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            await _keys.RefreshAsync();
            result = await ValidateOnceAsync(token);
        }

        if (!result.IsValid)
        {
            // Without keys a good token cannot be told from a bad one.
            return new TokenOutcome(null, null, IsUndecided: _keys.Current.IsEmpty);
        }

        // The library makes lists of texts and texts of lists; which of them a claim is makes a difference here.
        using var payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(((JsonWebToken)result.SecurityToken).EncodedPayload));
        var claims = payload.RootElement;
        var subject = Text(claims, "sub") ?? Text(claims, "client_id") ?? Text(claims, "azp");
        return subject is null ? default : new TokenOutcome($"token:{AuditText.Of(subject)}", new AccessGrant(ScopesOf(claims), ModelsOf(claims)));
    }

    private Task<TokenValidationResult> ValidateOnceAsync(string token) => _handler.ValidateTokenAsync(token, new TokenValidationParameters
    {
        ValidIssuer = _options.Issuer,
        ValidAudiences = _options.Audiences,
        ValidAlgorithms = _options.Algorithms,
        IssuerSigningKeys = _keys.Current,
        RequireSignedTokens = true,
        RequireExpirationTime = true,

        // A token that names a key is held against that key alone.
        TryAllIssuerSigningKeys = false,
        LifetimeValidator = (notBefore, expires, _, _) => IsInTime(notBefore, expires),
    });

    private bool IsInTime(DateTime? notBefore, DateTime? expires)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return expires is { } end && now < end + _options.ClockSkew && (notBefore is not { } begin || now >= begin - _options.ClockSkew);
    }

    private AccessScopes ScopesOf(JsonElement claims)
    {
        var scopes = AccessScopes.None;
        foreach (var name in Texts(claims, "scope").Concat(Texts(claims, "scp")))
        {
            if (name.StartsWith(_options.ScopePrefix, StringComparison.Ordinal) && AccessScopeNames.ByName.TryGetValue(name[_options.ScopePrefix.Length..], out var scope))
            {
                scopes |= scope;
            }
        }

        return scopes;
    }

    private ModelPatterns ModelsOf(JsonElement claims) => _options.ModelsClaim.Length == 0 ? ModelPatterns.All : new ModelPatterns(Texts(claims, _options.ModelsClaim).Take(MaxModels));

    /// <summary>A claim that is a text of words, or a list of texts; those of a list are not cut at their spaces, which the name of a model may have.</summary>
    private static string[] Texts(JsonElement claims, string name) =>
        !claims.TryGetProperty(name, out var claim) ? []
        : claim.ValueKind == JsonValueKind.String ? claim.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        : claim.ValueKind == JsonValueKind.Array ? [.. claim.EnumerateArray().Where(static one => one.ValueKind == JsonValueKind.String).Select(static one => one.GetString()!)]
        : [];

    private static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String && claim.GetString() is { Length: > 0 } text ? text : null;
}
