using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace InferenceServer.Bench.Addresses;

/// <summary>Which certificates of servers are trusted.</summary>
/// <param name="Authorities">Trusted in place of those of the system; null for those of the system.</param>
/// <param name="IsInsecure">True to trust any certificate.</param>
internal sealed record ServerTrust(X509Certificate2Collection? Authorities, bool IsInsecure)
{
    public static ServerTrust OfSystem { get; } = new(null, false);

    /// <summary>What a handshake with a host is done by.</summary>
    public SslClientAuthenticationOptions Options(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (IsInsecure)
        {
#pragma warning disable CA5359 // Asked for by name, for a test server with a certificate of its own making.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (Authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }

        return options;
    }
}
