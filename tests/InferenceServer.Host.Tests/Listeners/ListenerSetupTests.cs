using InferenceServer.Host.Listeners;
using InferenceServer.Host.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Listeners;

public sealed class ListenerSetupTests
{
    private const long Mega = 1 << 20;

    [Theory]
    [InlineData(0, 4096)]
    [InlineData(16, 256)]
    [InlineData(736, 736)]
    [InlineData(100_000, 4096)]
    public void Window_IsAsWideAsTheMemoryForRequestsAllows(long memory, int expected) => Assert.Equal(expected << 10, ListenerSetup.WindowOf(memory * Mega));

    /// <summary>Otherwise requests that wait unread keep the bytes of those from coming that they wait for.</summary>
    [Fact]
    public void Connection_HasAWindowForAllOfItsRequests()
    {
        var limits = Limits("--max-request-memory-bytes=16777216");
        Assert.Equal(limits.InitialStreamWindowSize * limits.MaxStreamsPerConnection, limits.InitialConnectionWindowSize);
        Assert.Equal(128 << 20, Limits("--max-request-memory-bytes=100000000000").InitialConnectionWindowSize);
        limits = Limits("--max-request-memory-bytes=0");
        Assert.Equal((4 << 20, 4 << 20), (limits.InitialStreamWindowSize, limits.InitialConnectionWindowSize));
    }

    private static Http2Limits Limits(string flag)
    {
        var files = new System.IO.Abstractions.TestingHelpers.MockFileSystem();
        files.AddDirectory("/samples");
        var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), CommandLine.Parse([flag]), "/samples", files, [], out var errors);
        Assert.Empty(errors);
        var kestrel = new KestrelServerOptions();

        // No port is to be opened.
        ListenerSetup.Configure(kestrel, options with { Http = null, Grpc = null, Metrics = null });
        return kestrel.Limits.Http2;
    }
}
