using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace InferenceServer.Host.Identities;

/// <summary>
/// API keys: <c>&lt;id&gt;.&lt;secret&gt;</c>. The id finds the entry, so that one hash is made for a request however many keys there are. The secret has 256 random
/// bits, which nobody can try out: one round of SHA-256 hides it as well as a slow hash, and cannot be used to keep the server busy.
/// </summary>
internal static class ApiKey
{
    /// <summary>What a hash begins with.</summary>
    public const string HashPrefix = "sha256:";

    public const int MaxIdLength = 64;

    /// <summary>The most characters of a key.</summary>
    public const int MaxLength = 512;

    /// <summary>The fewest characters of the secret of a key that was not made here.</summary>
    public const int MinSecretLength = 32;

    private const int SecretBytes = 32;
    private const int DigestBytes = 32;

    /// <summary>A new key.</summary>
    public static string Make(string id) => $"{id}.{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}";

    /// <summary>The hash of a key, as the access file has it. The id is hashed too: a hash is of no use under another id.</summary>
    public static string Hash(string key) => HashPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>True for what the access file can have as a hash.</summary>
    public static bool IsHash(string hash) => hash.Length == HashPrefix.Length + (2 * DigestBytes) && hash.StartsWith(HashPrefix, StringComparison.Ordinal) && hash.AsSpan(HashPrefix.Length).IndexOfAnyExcept(s_digits) < 0;

    /// <summary>True for what can be an id.</summary>
    public static bool IsId(ReadOnlySpan<char> id) => id.Length is > 0 and <= MaxIdLength && id.IndexOfAnyExcept(s_idCharacters) < 0;

    /// <summary>Takes a key apart.</summary>
    public static bool TrySplit(ReadOnlySpan<char> key, out ReadOnlySpan<char> id)
    {
        var dot = key.Length <= MaxLength ? key.IndexOf('.') : -1;
        id = dot > 0 ? key[..dot] : default;
        return dot > 0 && dot + 1 < key.Length && IsId(id);
    }

    /// <summary>True when a key has this digest. It takes as long for every key of its length.</summary>
    public static bool Matches(ReadOnlySpan<char> key, ReadOnlySpan<byte> digest)
    {
        Span<byte> bytes = stackalloc byte[MaxLength];
        if (!Ascii.IsValid(key) || key.Length > MaxLength)
        {
            return false;
        }

        var length = Encoding.ASCII.GetBytes(key, bytes);
        Span<byte> actual = stackalloc byte[DigestBytes];
        SHA256.HashData(bytes[..length], actual);
        return CryptographicOperations.FixedTimeEquals(actual, digest);
    }

    private static readonly System.Buffers.SearchValues<char> s_digits = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly System.Buffers.SearchValues<char> s_idCharacters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
