using InferenceServer.Protocols.KServe.Compression;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Compression;

public sealed class ContentCodingsTests
{
    [Theory]
    [InlineData("gzip", nameof(ContentCoding.Gzip))]
    [InlineData("GZip", nameof(ContentCoding.Gzip))]
    [InlineData("deflate", nameof(ContentCoding.Deflate))]
    [InlineData("identity", nameof(ContentCoding.Identity))]
    [InlineData("", null)]
    [InlineData("br", null)]
    [InlineData("gzip, identity", null)]
    public void TryParse_Header_IsOneKnownCoding(string header, string? expected)
    {
        Assert.Equal(expected is not null, ContentCodings.TryParse(header, out var coding));
        Assert.Equal(expected ?? nameof(ContentCoding.Identity), coding.ToString());
    }

    [Fact]
    public void TryParse_NoHeader_IsIdentity() => Assert.True(ContentCodings.TryParse(StringValues.Empty, out _));

    [Theory]
    [InlineData("gzip", "Gzip")]
    [InlineData("deflate, gzip", "Deflate")]
    [InlineData("deflate;q=0.3, gzip;q=0.9", "Gzip")]
    [InlineData("identity;q=1.0, gzip;q=0.5", "Identity")]
    [InlineData("identity;q=0.5 , gzip ; q=1", "Gzip")]
    [InlineData("gzip;q=0", "Identity")]
    [InlineData("gzip;q=2, deflate;q=0.1", "Deflate")]
    [InlineData("gzip;q=nonsense, deflate;q=0.1", "Deflate")]
    [InlineData("gzip;level=9", "Identity")]
    [InlineData("*", "Identity")]
    [InlineData("br;q=1.0, *;q=0.9", "Identity")]
    [InlineData(",,;,=", "Identity")]
    public void Choose_Header_GivesTheCodingOfTheGreatestWeight(string header, string expected) =>
        Assert.Equal(expected, ContentCodings.Choose(header).ToString());

    [Fact]
    public void Choose_SeveralLines_AreOneList() => Assert.Equal(ContentCoding.Deflate, ContentCodings.Choose(new StringValues(["gzip;q=0.1", null, "deflate;q=0.2"])));
}
