using System.Collections.Immutable;

namespace InferenceServer.Host.Certificates;

/// <summary>Where a port has its certificate from.</summary>
/// <param name="Listener">What the port serves, for messages: HTTP, gRPC or metrics.</param>
/// <param name="Certificate">The file of the certificate, with those between it and its root behind it, as PEM; or all of it with the key as PKCS#12.</param>
/// <param name="Key">The file of the key as PEM; null when it is in the file of the certificate.</param>
/// <param name="Password">The file of the password of the key; null when it has none.</param>
/// <param name="Roots">The file of the certificates that a client's certificate has to come from, as PEM; null when clients are not asked for one.</param>
internal sealed record TlsOptions(string Listener, string Certificate, string? Key, string? Password, string? Roots)
{
    /// <summary>The files, in the order in which they are read.</summary>
    public ImmutableArray<string> Paths => [.. new[] { Certificate, Key, Password, Roots }.OfType<string>()];
}
