using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace InferenceServer.Host.Certificates;

/// <summary>A certificate that is ready to be used, and what clients are held against. Immutable: another content makes another one.</summary>
internal sealed class CertificateBundle
{
    /// <summary>Not before TLS 1.2: what is older is broken.</summary>
    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly SslStreamCertificateContext _context;
    private readonly X509Certificate2Collection? _roots;

    /// <param name="leaf">The server's certificate, with its key.</param>
    /// <param name="intermediates">What is sent beside it.</param>
    /// <param name="roots">What a client's certificate has to come from; null when clients are not asked for one.</param>
    public CertificateBundle(X509Certificate2 leaf, X509Certificate2Collection intermediates, X509Certificate2Collection? roots)
    {
        Leaf = leaf;
        _roots = roots;

        // Offline: a handshake must not depend on who answers at an address in a certificate.
        _context = SslStreamCertificateContext.Create(leaf, intermediates, offline: true);
    }

    /// <summary>The server's own certificate.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>What one handshake goes by. New each time: the stream may change what it is given.</summary>
    public SslServerAuthenticationOptions MakeOptions()
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _context,
            EnabledSslProtocols = Protocols,
            AllowRenegotiation = false,
        };
        if (_roots is not null)
        {
            // A session that is taken up again would not ask for the certificate.
            options.AllowTlsResume = false;
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                // The given roots alone: those of the system say who may serve, not who may call.
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(_roots);
            options.CertificateChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ClientAuthentication));
        }

        return options;
    }
}
