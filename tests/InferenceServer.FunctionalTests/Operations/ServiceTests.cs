using System.Net.Sockets;
using System.Text;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>The process as a service manager runs it, and as it is asked by a second one of its own.</summary>
public sealed class ServiceTests
{
    private static readonly string[] s_anyPorts = ["--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0"];

    [Fact]
    public async Task Process_UnderAServiceManager_TellsOfItsLife()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's");
        using var folder = new TemporaryDirectory();
        var path = Path.Combine(folder.FullPath, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        using var server = ServerProcess.Start(new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "200000" }, s_anyPorts);

        var told = await ReadUntilAsync(manager, "READY=1");
        Assert.StartsWith("STATUS=Loading models", told[0], StringComparison.Ordinal);
        Assert.Contains(told[^1].Split('\n'), static line => line.StartsWith("STATUS=", StringComparison.Ordinal) && line.EndsWith("model versions serve", StringComparison.Ordinal));
        await ReadUntilAsync(manager, "WATCHDOG=1");

        server.Signal(ServerProcess.SigTerm);
        await ReadUntilAsync(manager, "STOPPING=1");
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task Probe_OfARunningServer_EndsWithZero_AndWithOneOnceItIsGone()
    {
        using var server = ServerProcess.Start(s_anyPorts);
        var address = await server.WaitForSummaryAsync();
        string[] probe = ["probe", "--http-address=127.0.0.1", $"--http-port={address.Port}"];

        using (var asking = ServerProcess.Start(probe))
        {
            Assert.Equal(0, await asking.WaitForExitAsync());
            Assert.Equal("ready", asking.Output.Trim());
        }

        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        using (var asking = ServerProcess.Start(probe))
        {
            Assert.Equal(1, await asking.WaitForExitAsync());
            Assert.StartsWith("no answer: ", asking.Output, StringComparison.Ordinal);
        }
    }

    private static async Task<List<string>> ReadUntilAsync(Socket manager, string start)
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Phase);
        var told = new List<string>();
        var buffer = new byte[1024];
        do
        {
            var length = await manager.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
            told.Add(Encoding.UTF8.GetString(buffer, 0, length));
        }
        while (!told[^1].StartsWith(start, StringComparison.Ordinal));
        return told;
    }
}
