using InferenceServer.Abstractions.Errors;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Tokens;
using InferenceServer.Protocols.KServe.Restrictions;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Host.Security;

/// <summary>Finds out who sends a request: by a key or a token that it brings, or else by the certificate of its connection.</summary>
internal sealed class Authenticator(CallerSource callers, TokenValidator? tokens, TimeProvider time)
{
    private const string KeyHeader = "X-API-Key";
    private const string Scheme = "Bearer ";
    private static readonly object s_certificateItem = new();

    /// <summary>Finds out who it is. Ends at once for keys and certificates.</summary>
    public ValueTask<Credential> IdentifyAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var (authorization, key) = (headers.Authorization, headers[KeyHeader]);
        if (authorization.Count == 0 && key.Count == 0)
        {
            return ValueTask.FromResult(OfConnection(context));
        }

        // Of two credentials one would have to be left out, and whoever guards the server from in front may have looked at the other.
        if (authorization.Count + key.Count > 1)
        {
            return ValueTask.FromResult(Wrong());
        }

        if (key.Count == 1)
        {
            return ValueTask.FromResult(OfKey(key[0]));
        }

        var text = authorization[0].AsSpan();
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return ValueTask.FromResult(Wrong());
        }

        var bearer = text[Scheme.Length..].Trim(' ');

        // A token has two dots, a key one.
        return bearer.Count('.') != 2 ? ValueTask.FromResult(OfKey(bearer))
            : tokens is null ? ValueTask.FromResult(Wrong())
            : OfTokenAsync(tokens, bearer.ToString());
    }

    private Credential OfKey(ReadOnlySpan<char> key) => callers.Current.FindKey(key, time.GetUtcNow()) is { } caller ? new Credential(caller, null) : Wrong();

    private async ValueTask<Credential> OfTokenAsync(TokenValidator validator, string token)
    {
        var outcome = await validator.ValidateAsync(token);
        return outcome is { Subject: { } subject, Grant: { } grant } ? new Credential(callers.Current.MakeTokenCaller(subject, grant), null)
            : outcome.IsUndecided ? new Credential(null, new InferenceError(ErrorCode.Unavailable, "tokens cannot be verified now: the keys of their issuer are not known; try again later"))
            : Wrong();
    }

    /// <summary>The certificate of a connection is looked up once for each access file.</summary>
    private Credential OfConnection(HttpContext context)
    {
        if (context.Features.Get<ITlsConnectionFeature>() is not { ClientCertificate: { } certificate })
        {
            return default;
        }

        var directory = callers.Current;
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items?.TryGetValue(s_certificateItem, out var found) != true || found is not (CallerDirectory of, KnownCaller or null) || !ReferenceEquals(of, directory))
        {
            found = (directory, directory.FindCertificate(certificate));
            if (items is not null)
            {
                items[s_certificateItem] = found;
            }
        }

        var known = (((CallerDirectory, KnownCaller?))found!).Item2;
        var now = time.GetUtcNow();

        // A connection may outlive the certificate that it was made with.
        return known is not null && now < known.Expires && now < certificate.NotAfter.ToUniversalTime() ? new Credential(known.Caller, null) : default;
    }

    private static Credential Wrong() => new(null, AccessErrors.WrongCredential());
}
