using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Core.Caching;
using InferenceServer.Testing.Caches;
using InferenceServer.Testing.Files;
using Xunit;
using static InferenceServer.Caches.Redis.Tests.Store.StoreFixture;

namespace InferenceServer.Caches.Redis.Tests.Store;

/// <summary>A Redis that speaks TLS alone and wants to see a certificate too.</summary>
public sealed class EncryptedRedisTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CertificatesOfOneAuthority_LetBothIn(bool isFolder)
    {
        using var redis = await StartAsync("redis.internal");
        await using var store = Make(
            "127.0.0.1", redis.Port, ("tls_enabled", "true"), ("sni", "redis.internal"), isFolder ? ("cacert_dir", Path.Combine(_folder.FullPath, "trusted")) : ("cacert", At("trusted/ca.pem")), ("cert", At("client.pem")), ("key", At("client.key")));

        await RoundTripAsync(store);
    }

    [Theory]
    [InlineData("the wrong name", "other.internal", "trusted/ca.pem", true)]
    [InlineData("another authority", "redis.internal", "stranger.pem", true)]
    [InlineData("no certificate", "redis.internal", "trusted/ca.pem", false)]
    public async Task WhateverIsWrong_KeepsThemApart(string what, string name, string authority, bool hasCertificate)
    {
        using var redis = await StartAsync("redis.internal");
        (string, string)[] own = hasCertificate ? [("cert", At("client.pem")), ("key", At("client.key"))] : [];
        await using var store = Make("127.0.0.1", redis.Port, [("tls_enabled", "true"), ("sni", name), ("cacert", At(authority)), ("connect_timeout", "2000"), .. own]);

        // Not only before the first attempt has ended.
        for (var i = 0; i < 30; i++)
        {
            var failure = await Assert.ThrowsAsync<ResponseStoreException>(() => store.ReadAsync(Key(1), TestContext.Current.CancellationToken));
            Assert.False(failure.IsRefusal, what);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private string At(string path) => Path.Combine(_folder.FullPath, path);

    private async Task<RedisProcess> StartAsync(string name)
    {
        using var authority = MakeAuthority("CN=authority");
        using var stranger = MakeAuthority("CN=stranger");
        _folder.Write("trusted/ca.pem", authority.ExportCertificatePem());
        _folder.Write("stranger.pem", stranger.ExportCertificatePem());
        Issue(authority, name, "server");
        Issue(authority, "client", "client");
        return await RedisProcess.StartAsync(port =>
        [
            "--port", "0", "--tls-port", $"{port}", "--tls-cert-file", At("server.pem"), "--tls-key-file", At("server.key"), "--tls-ca-cert-file", At("trusted/ca.pem"), "--tls-auth-clients", "yes",
        ]);
    }

    private static X509Certificate2 MakeAuthority(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
    }

    private void Issue(X509Certificate2 authority, string name, string file)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(authority, now.AddHours(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        _folder.Write($"{file}.pem", certificate.ExportCertificatePem());
        _folder.Write($"{file}.key", key.ExportPkcs8PrivateKeyPem());
    }
}
