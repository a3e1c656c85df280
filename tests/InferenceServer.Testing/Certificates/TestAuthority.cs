using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace InferenceServer.Testing.Certificates;

/// <summary>An authority of certificates that is there for one test.</summary>
public sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(3650));
    }

    /// <summary>Its own certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The same as PEM.</summary>
    public string Pem => Certificate.ExportCertificatePem();

    /// <summary>A certificate of a server on this machine, as PEM.</summary>
    public (string Certificate, string Key) IssueServer(string name = "localhost", int days = 90)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Issue(name, key, ServerUse, -1, days, static names => names.AddDnsName("localhost"));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A certificate of a client, with its key.</summary>
    /// <param name="name">The name of its subject.</param>
    /// <param name="uri">A URI among its names.</param>
    /// <param name="isForClients">False for one that only servers may use.</param>
    /// <param name="days">Until when it is good, from now; a negative number is in the past.</param>
    public X509Certificate2 IssueClient(string name, string? uri = null, bool isForClients = true, int days = 90)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Issue(name, key, isForClients ? ClientUse : ServerUse, -20, days, names =>
        {
            names.AddDnsName($"{name}.example");
            if (uri is not null)
            {
                names.AddUri(new Uri(uri));
            }
        });
        using var whole = certificate.CopyWithPrivateKey(key);

        // A key that was never in a store is not sent by some systems.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Issue(string name, ECDsa key, string use, int from, int days, Action<SubjectAlternativeNameBuilder> addNames)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        addNames(names);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        return request.Create(Certificate, DateTimeOffset.UtcNow.AddDays(from), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
    }
}
