using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace InferenceServer.Host.Tokens;

/// <summary>Reads a set of keys (RFC 7517).</summary>
internal static class KeySetReader
{
    /// <summary>The most keys; an issuer has a few.</summary>
    private const int MaxKeys = 100;

    /// <summary>Reads the public keys for signatures; others, and shared secrets above all, are left out.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, out ImmutableArray<SecurityKey> keys, [NotNullWhen(false)] out string? problem)
    {
        keys = [];
        problem = null;
        try
        {
            var set = new JsonWebKeySet(Encoding.UTF8.GetString(json)) { SkipUnresolvedJsonWebKeys = true };
            keys = [.. set.Keys.Where(static key => key.Kty is JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve && key.Use is null or "" or "sig").Take(MaxKeys)];
        }
        catch (Exception exception) when (exception is ArgumentException or System.Text.Json.JsonException or FormatException)
        {
            problem = "expected a JSON Web Key Set, {\"keys\": [...]}";
            return false;
        }

        if (keys.IsEmpty)
        {
            problem = "the key set has no public key for signatures (RSA or EC)";
            return false;
        }

        return true;
    }
}
