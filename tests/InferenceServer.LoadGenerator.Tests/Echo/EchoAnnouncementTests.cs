using System.Net;
using InferenceServer.LoadGenerator.Echo;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Echo;

public sealed class EchoAnnouncementTests
{
    [Fact]
    public void TryParse_OwnText_RoundTrips()
    {
        var announcement = new EchoAnnouncement(new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 65535));

        Assert.Equal(announcement, EchoAnnouncement.TryParse(announcement.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("error: the port is in use")]
    [InlineData("echo listening http=1 grpc=")]
    public void TryParse_AnythingElse_IsNull(string? line) => Assert.Null(EchoAnnouncement.TryParse(line));
}
