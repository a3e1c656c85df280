using System.Globalization;
using System.Net.Sockets;
using System.Text;
using InferenceServer.Host.Systemd;
using Xunit;

namespace InferenceServer.Host.Tests.Systemd;

public sealed class ServiceManagerTests
{
    [Fact]
    public void Tell_WithAManager_SendsOneDatagram()
    {
        var folder = Directory.CreateTempSubdirectory("notify-");
        try
        {
            var path = Path.Combine(folder.FullName, "socket");
            using var listener = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            using var manager = new ServiceManager(name => name == "NOTIFY_SOCKET" ? path : null);

            Assert.True(manager.Tell("READY=1"));

            var buffer = new byte[64];
            Assert.Equal("READY=1", Encoding.UTF8.GetString(buffer, 0, listener.Receive(buffer)));
            Assert.True(manager.IsThere);
            Assert.Null(manager.WatchdogInterval);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Tell_ToAnAbstractSocket_Arrives()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sockets without files are Linux's");
        var name = $"inference-server-test-{Guid.NewGuid():N}";
        using var listener = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint($"\0{name}"));
        using var manager = new ServiceManager(variable => variable == "NOTIFY_SOCKET" ? $"@{name}" : null);

        Assert.True(manager.Tell("STOPPING=1"));

        var buffer = new byte[64];
        Assert.Equal("STOPPING=1", Encoding.UTF8.GetString(buffer, 0, listener.Receive(buffer)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative/path")]
    [InlineData("/no/such/socket")]
    public void Tell_WithoutAManager_SaysSo(string? socket)
    {
        using var manager = new ServiceManager(name => name == "NOTIFY_SOCKET" ? socket : null);

        Assert.False(manager.IsThere);
        Assert.False(manager.Tell("READY=1"));
    }

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "own", 30)]
    [InlineData("30000000", "1", null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    public void WatchdogInterval_IsThatOfThisProcess(string microseconds, string? process, int? seconds)
    {
        var folder = Directory.CreateTempSubdirectory("notify-");
        try
        {
            var path = Path.Combine(folder.FullName, "socket");
            using var listener = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            var own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            using var manager = new ServiceManager(name => name switch
            {
                "NOTIFY_SOCKET" => path,
                "WATCHDOG_USEC" => microseconds,
                "WATCHDOG_PID" => process == "own" ? own : process,
                _ => null,
            });

            Assert.Equal(seconds, (int?)manager.WatchdogInterval?.TotalSeconds);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
