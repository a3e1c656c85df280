using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>A process that may open no more files than it has.</summary>
public sealed partial class DescriptorTests
{
    private const int NumberOfFiles = 7;
    private const int MoreThanThereIsRoomFor = 100;

    private static CancellationToken Timeout => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connections_WithoutDescriptor_WaitUntilThereIsOne()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a process has open is read from /proc");
        using var server = ServerProcess.Start("--http-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--model-repository=model-repository", "--model-control-mode=explicit", "--load-model=add_sub");
        var address = await server.WaitForSummaryAsync();
        await AskAsync(address);
        var clients = new List<Socket>();
        try
        {
            Limit(server.Id, HighestDescriptor(server.Id) + 2);
            for (var i = 0; i < MoreThanThereIsRoomFor; i++)
            {
                clients.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await clients[i].ConnectAsync(IPEndPoint.Parse(address.Authority), Timeout);
            }

            await Waiting.UntilAsync(() => server.Log.Contains("wait, since they cannot be accepted", StringComparison.Ordinal));
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        await AskAsync(address);
        Assert.DoesNotContain(" ERR ", server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(" FTL ", server.Log, StringComparison.Ordinal);
    }

    private static async Task AskAsync(Uri address)
    {
        using var client = new HttpClient { BaseAddress = address };
        using var answer = await client.GetAsync("v2/models/add_sub/ready", Timeout);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static int HighestDescriptor(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Max(static path => int.Parse(Path.GetFileName(path), System.Globalization.CultureInfo.InvariantCulture));

    private static void Limit(int process, int descriptors)
    {
        var limit = new ResourceLimit { Soft = (ulong)descriptors, Hard = (ulong)descriptors };
        Assert.Equal(0, SetLimit(process, NumberOfFiles, in limit, 0));
    }

    [LibraryImport("libc", EntryPoint = "prlimit")]
    private static partial int SetLimit(int process, int resource, in ResourceLimit limit, nint old);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
