using InferenceServer.Bench.Addresses;
using Xunit;

namespace InferenceServer.Bench.Tests.Addresses;

public sealed class ServerAddressTests
{
    [Theory]
    [InlineData("localhost", "localhost:8000", "localhost", false)]
    [InlineData("localhost:9000", "localhost:9000", "localhost", false)]
    [InlineData("http://example.org", "example.org:80", "example.org", false)]
    [InlineData("http://example.org:8000/", "example.org:8000", "example.org", false)]
    [InlineData("https://example.org", "example.org:443", "example.org", true)]
    [InlineData("https://10.0.0.1:8443", "10.0.0.1:8443", "10.0.0.1", true)]
    [InlineData("[::1]:8000", "[::1]:8000", "::1", false)]
    [InlineData("[::1]", "[::1]:8000", "::1", false)]
    [InlineData("https://[fe80::1]:1", "[fe80::1]:1", "fe80::1", true)]
    [InlineData("example.org:80", "example.org:80", "example.org", false)]
    public void TryParse_Address_IsTaken(string text, string authority, string host, bool isTls)
    {
        var address = ServerAddress.TryParse(text, 8000);

        Assert.NotNull(address);
        Assert.Equal((authority, host, isTls), (address.Authority, address.Host, address.IsTls));
        Assert.Equal(isTls ? "https" : "http", address.Url.Scheme);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("http://")]
    [InlineData("localhost:0")]
    [InlineData("localhost:70000")]
    [InlineData("localhost:8000/v2")]
    [InlineData("https://user:secret@example.org")]
    [InlineData("ftp://example.org")]
    [InlineData("::1:8000")]
    public void TryParse_SomethingElse_IsNull(string text) => Assert.Null(ServerAddress.TryParse(text, 8000));
}
