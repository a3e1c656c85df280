using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Host.Options;
using InferenceServer.Testing.Certificates;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class SecurityOptionsReaderTests : IDisposable
{
    private readonly TestAuthority _authority = new("ca");
    private readonly MockFileSystem _files = new();

    public SecurityOptionsReaderTests()
    {
        var (certificate, key) = _authority.IssueServer();
        _files.AddDirectory("/samples");
        _files.AddFile("/cert.pem", new MockFileData(certificate));
        _files.AddFile("/key.pem", new MockFileData(key));
        _files.AddFile("/ca.pem", new MockFileData(_authority.Pem));
        _files.AddFile("/access.json", new MockFileData("{}"));
        _files.AddFile("/broken.json", new MockFileData("""{"keys": 7, "certificates": 8}"""));
    }

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Nothing_IsOpen()
    {
        var options = Read();
        Assert.False(options.Security.ChecksCallers);
        Assert.Null(options.Security.GrpcTls);
        Assert.False(options.Security.AllowsSettingChanges);
    }

    [Fact]
    public void Everything_IsUnderstood()
    {
        var security = Read(
            "--access-file=/access.json", "--public-api=health", "--public-api=metrics", "--jwt-issuer=https://a.example/", "--jwt-audience=models", "--jwt-algorithm=RS256,ES384",
            "--grpc-use-ssl=true", "--grpc-use-ssl-mutual=true", "--grpc-server-cert=/cert.pem", "--grpc-server-key=/key.pem", "--grpc-root-cert=/ca.pem",
            "--http-use-ssl", "--http-server-cert=/cert.pem", "--http-server-key=/key.pem", "--http-cors-origin=https://page.example:8443", "--http-cors-header=x-mine").Security;
        Assert.True(security is { ChecksCallers: true, HealthIsPublic: true, MetricsArePublic: true });
        Assert.Equal("https://a.example/.well-known/openid-configuration", security.Tokens!.Discovery!.ToString());
        Assert.Equal(["RS256", "ES384"], security.Tokens.Algorithms);
        Assert.Equal(("/ca.pem", null), (security.GrpcTls!.Roots, security.HttpTls!.Roots));
        Assert.Null(security.MetricsTls);
    }

    [Theory]
    [InlineData("--access-file=/none.json", "--access-file: '/none.json' cannot be read")]
    [InlineData("--access-file=/broken.json", "--access-file: keys: expected a list|--access-file: certificates: expected a list")]
    [InlineData("--public-api=metadata", "--public-api: expected health, metrics or none, got 'metadata'")]
    [InlineData("--public-api=none --public-api=health", "--public-api: expected none alone")]
    [InlineData("--jwt-audience=x", "--jwt-audience: expected --jwt-issuer beside it")]
    [InlineData("--jwt-issuer=https://a.example", "--jwt-audience: expected whom tokens are for")]
    [InlineData("--jwt-issuer=http://a.example --jwt-audience=x", "--jwt-issuer: expected an address with https")]
    [InlineData("--jwt-issuer=a --jwt-audience=x --jwt-discovery-url=http://a.example/d", "--jwt-discovery-url: expected an address with https")]
    [InlineData("--jwt-issuer=https://a.example --jwt-audience=x --jwt-algorithm=HS256", "--jwt-algorithm: expected one of RS256")]
    [InlineData("--jwt-issuer=https://a.example --jwt-audience=x --jwt-algorithm=none", "--jwt-algorithm: expected one of RS256")]
    [InlineData("--jwt-issuer=a --jwt-audience=x --jwt-jwks-file=/access.json", "--jwt-jwks-file: ")]
    [InlineData("--grpc-server-cert=/cert.pem", "--grpc-server-cert: expected --grpc-use-ssl beside it")]
    [InlineData("--grpc-use-ssl-mutual=true", "--grpc-use-ssl-mutual: expected --grpc-use-ssl beside it")]
    [InlineData("--http-use-ssl=true", "--http-server-cert: expected the file of a certificate")]
    [InlineData("--http-use-ssl=true --http-server-cert=/cert.pem", "--http-server-cert: '/cert.pem'")]
    [InlineData("--http-use-ssl=true --http-server-cert=/cert.pem --http-server-key=/ca.pem", "--http-server-cert: '/cert.pem'")]
    [InlineData("--http-use-ssl=true --http-server-cert=/none.pem --http-server-key=/key.pem", "--http-server-cert: '/none.pem' cannot be read")]
    [InlineData("--http-use-ssl=true --http-use-ssl-mutual=true --http-server-cert=/cert.pem --http-server-key=/key.pem", "--http-root-cert: expected the certificates")]
    [InlineData("--http-use-ssl=true --http-root-cert=/ca.pem --http-server-cert=/cert.pem --http-server-key=/key.pem", "--http-root-cert: expected --http-use-ssl-mutual")]
    [InlineData("--http-cors-origin=page.example", "--http-cors-origin: expected <scheme>")]
    [InlineData("--http-cors-origin=https://page.example/x", "--http-cors-origin: expected <scheme>")]
    [InlineData("--http-cors-header=x", "--http-cors-header: expected --http-cors-origin beside it")]
    public void Mistake_IsToldByItsFlag(string flags, string expected)
    {
        ServerOptionsReader.Read(new ConfigurationBuilder().Build(), CommandLine.Parse(flags.Split(' ')), "/samples", _files, [], out var errors);
        Assert.All(expected.Split('|').Zip(errors), static pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.Equal(expected.Split('|').Length, errors.Count);
    }

    private ServerOptions Read(params string[] flags)
    {
        var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), CommandLine.Parse(flags), "/samples", _files, [], out var errors);
        Assert.Empty(errors);
        return options;
    }
}
