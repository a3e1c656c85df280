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

        var read = (JsonWebToken)result.SecurityToken;
        var subject = read.Subject is { Length: > 0 } name ? name : Text(read, "client_id") ?? Text(read, "azp");
        return subject is null ? default : new TokenOutcome($"token:{AuditText.Of(subject)}", new AccessGrant(ScopesOf(read), ModelsOf(read)));
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

    private AccessScopes ScopesOf(JsonWebToken token)
    {
        var scopes = AccessScopes.None;
        foreach (var name in Texts(token, "scope").Concat(Texts(token, "scp")))
        {
            if (name.StartsWith(_options.ScopePrefix, StringComparison.Ordinal) && AccessScopeNames.ByName.TryGetValue(name[_options.ScopePrefix.Length..], out var scope))
            {
                scopes |= scope;
            }
        }

        return scopes;
    }

    private ModelPatterns ModelsOf(JsonWebToken token) => _options.ModelsClaim.Length == 0 ? ModelPatterns.All : new ModelPatterns(Texts(token, _options.ModelsClaim).Take(MaxModels));

    /// <summary>A claim that is a text of words, or a list of texts.</summary>
    private static string[] Texts(JsonWebToken token, string name) =>
        token.TryGetPayloadValue<string[]>(name, out var list) && list is not null ? list
        : Text(token, name) is { } text ? text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        : [];

    private static string? Text(JsonWebToken token, string name) => token.TryGetPayloadValue<string>(name, out var text) && text is { Length: > 0 } ? text : null;
}
