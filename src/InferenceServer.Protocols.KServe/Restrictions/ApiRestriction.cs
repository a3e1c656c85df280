using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>The header that a category asks for. Of its value only a digest is kept, and that is never shown.</summary>
public sealed class ApiRestriction
{
    private readonly byte[] _digest;

    /// <summary>Makes a restriction.</summary>
    /// <param name="header">The header's name.</param>
    /// <param name="value">What it must say.</param>
    public ApiRestriction(string header, string value)
    {
        Header = header;
        _digest = Digest(value);
    }

    /// <summary>The header's name.</summary>
    public string Header { get; }

    /// <summary>True when there is exactly one value and it is the right one. How long that takes says nothing about how much of it is right.</summary>
    public bool Allows(in StringValues values) => values is [{ } value] && CryptographicOperations.FixedTimeEquals(Digest(value), _digest);

    private static byte[] Digest(string value) => SHA256.HashData(Encoding.UTF8.GetBytes(value));
}
