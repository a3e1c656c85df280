using System.IO.Abstractions;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Host.Certificates;
using InferenceServer.Testing.Certificates;
using InferenceServer.Testing.Files;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Certificates;

public sealed class CertificateSourceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly TestAuthority _authority = new("ca");

    public void Dispose()
    {
        _folder.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public void Check_NewPair_IsTakenWhenBothHaveCome()
    {
        var first = Write(_authority.IssueServer("first"));
        var source = Make(first);
        Assert.Equal("CN=first", SubjectOf(source));
        var (certificate, key) = _authority.IssueServer("second");

        // The certificate alone does not go with the old key, however often it is looked at.
        _folder.Write("cert.pem", certificate);
        Look(source, 3);
        Assert.Equal("CN=first", SubjectOf(source));
        _folder.Write("key.pem", key);
        source.Check();
        Assert.Equal("CN=first", SubjectOf(source));
        source.Check();
        Assert.Equal("CN=second", SubjectOf(source));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no certificate")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void Check_BrokenFile_LeavesTheOldOne(string content)
    {
        var source = Make(Write(_authority.IssueServer("first")));
        _folder.Write("cert.pem", content);
        Look(source, 3);
        Assert.Equal("CN=first", SubjectOf(source));
        File.Delete(Path.Combine(_folder.FullPath, "cert.pem"));
        Look(source, 3);
        Assert.Equal("CN=first", SubjectOf(source));
    }

    [Fact]
    public void Check_LinkThatLeadsElsewhereNow_IsFollowed()
    {
        // As Kubernetes lays secrets out: the files are links into a folder that is itself a link, and that one is replaced.
        foreach (var (folder, name) in new[] { ("..1", "first"), ("..2", "second") })
        {
            var (certificate, key) = _authority.IssueServer(name);
            _folder.Write($"{folder}/tls.crt", certificate);
            _folder.Write($"{folder}/tls.key", key);
        }

        string At(string name) => Path.Combine(_folder.FullPath, name);
        Directory.CreateSymbolicLink(At("..data"), "..1");
        File.CreateSymbolicLink(At("tls.crt"), "..data/tls.crt");
        File.CreateSymbolicLink(At("tls.key"), "..data/tls.key");
        var source = Make(new TlsOptions("HTTP", At("tls.crt"), At("tls.key"), null, null));
        Assert.Equal("CN=first", SubjectOf(source));
        Directory.Delete(At("..data"));
        Directory.CreateSymbolicLink(At("..data"), "..2");
        Look(source, 2);
        Assert.Equal("CN=second", SubjectOf(source));
    }

    [Fact]
    public void Read_EveryFormOfAKey_IsUnderstood()
    {
        var (certificate, key) = _authority.IssueServer("server");
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(key);
        var encrypted = ecdsa.ExportEncryptedPkcs8PrivateKeyPem("p4ss", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        using var whole = X509Certificate2.CreateFromPem(certificate, key);
        var password = _folder.Write("password", "p4ss\n");
        var cert = _folder.Write("cert.pem", certificate + "\n" + _authority.Pem);
        Assert.Equal("CN=server", SubjectOf(Make(new TlsOptions("HTTP", cert, _folder.Write("encrypted.pem", encrypted), password, null))));
        Assert.Equal("CN=server", SubjectOf(Make(new TlsOptions("HTTP", _folder.Write("both.pem", certificate + "\n" + key), null, null, null))));
        Assert.Equal("CN=server", SubjectOf(Make(new TlsOptions("HTTP", _folder.Write("cert.p12", whole.Export(X509ContentType.Pkcs12, "p4ss")), null, password, null))));
        foreach (var wrong in new[] { new TlsOptions("HTTP", cert, Path.Combine(_folder.FullPath, "encrypted.pem"), null, null), new TlsOptions("HTTP", cert, _folder.Write("other.pem", _authority.IssueServer().Key), null, null), new TlsOptions("HTTP", cert, null, null, null) })
        {
            Assert.Throws<InvalidOperationException>(() => Make(wrong));
        }
    }

    [Fact]
    public void MakeOptions_AskNothingOlderThanTls12()
    {
        var options = Make(Write(_authority.IssueServer())).MakeOptions();
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, options.EnabledSslProtocols);
        Assert.False(options.AllowRenegotiation);
        Assert.False(options.ClientCertificateRequired);
    }

    private static void Look(CertificateSource source, int times)
    {
        for (var i = 0; i < times; i++)
        {
            source.Check();
        }
    }

    private static string SubjectOf(CertificateSource source) => source.MakeOptions().ServerCertificateContext!.TargetCertificate.Subject;

    private TlsOptions Write((string Certificate, string Key) pair) => new("HTTP", _folder.Write("cert.pem", pair.Certificate), _folder.Write("key.pem", pair.Key), null, null);

    private static CertificateSource Make(TlsOptions options) => new(options, new FileSystem(), new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(57)), NullLogger<CertificateSource>.Instance);
}
