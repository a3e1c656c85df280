using System.Diagnostics.Tracing;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Grpc.Net.Client;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Reliability;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Microsoft.Diagnostics.NETCore.Client;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>
/// One server in a process of its own, with everything switched on that can be attacked and 512 MiB for its managed heap. After each attack it must stand: the process lives, others are
/// served, nothing is in flight, memory has come back, and what it said tells nothing of its inside.
/// </summary>
public sealed partial class BesiegedServer : IAsyncLifetime
{
    /// <summary>The managed heap may not become larger than this; in hexadecimal, as the runtime wants it.</summary>
    private const string HeapLimit = "20000000";

    /// <summary>The largest JSON and tensor, and the largest request, that this server takes.</summary>
    public const int MaxInputBytes = 8 << 20;

    /// <inheritdoc cref="MaxInputBytes"/>
    public const int MaxRequestBytes = 12 << 20;

    /// <summary>What may be left of an attack on the managed heap for the moment: buffers that are kept for the next requests, and given up when nobody has wanted them for a minute.</summary>
    private const long HeapSlack = 256L << 20;

    /// <summary>What may be left of all attacks, a few minutes later.</summary>
    private const long HeapSlackInTheEnd = 16L << 20;

    /// <summary>What may be left in the process: native buffers, code that was compiled, threads.</summary>
    private const long ResidentSlack = 384L << 20;

    private static readonly string[] s_quiet = ["inference_server_inflight_requests", "inference_server_queue_depth", "inference_server_queue_bytes", "inference_server_lanes_busy"];

    private readonly TemporaryDirectory _repository = new();
    private ServerProcess _process = null!;
    private GrpcChannel _channel = null!;
    private HttpClient _metrics = null!;
    private (long Heap, long Resident) _before;

    internal HttpClient Http { get; private set; } = null!;

    internal GRPCInferenceService.GRPCInferenceServiceClient Rpc { get; private set; } = null!;

    internal Uri HttpAddress => Http.BaseAddress!;

    internal Uri RpcAddress => _process.RpcAddress;

    internal string Log => _process.Log;

    internal int ProcessId => _process.Id;

    /// <summary>The repository that it serves.</summary>
    internal TemporaryDirectory Repository => _repository;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The model that gives a vector of a type back.</summary>
    internal static string Echo(TensorDataType type) => $"echo_{type.ProtocolName()}";

    /// <summary>A request that <c>add_sub</c> answers.</summary>
    internal static string Good { get; } = $$"""{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,16],"data":[{{Row}}]},{"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":[{{Row}}]}]}""";

    private static string Row => string.Join(',', Enumerable.Repeat("2", 16));

    public async ValueTask InitializeAsync()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(SampleServer.Repository, "add_sub"), "*", SearchOption.AllDirectories))
        {
            _repository.Write(Path.GetRelativePath(SampleServer.Repository, file), await File.ReadAllBytesAsync(file, Token));
        }

        foreach (var type in TensorDataTypes.All.ToArray())
        {
            var name = type == TensorDataType.Bytes ? "TYPE_STRING" : "TYPE_" + type.ProtocolName();
            WriteIdentity(Echo(type), $"data_type: {name} dims: [ -1 ]");
        }

        WriteIdentity("slow", "data_type: TYPE_UINT8 dims: [ -1 ]", """parameters { key: "execute_delay_ms" value: { string_value: "200" } } instance_group { count: 8 }""");
        _process = ServerProcess.Start(
            new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = HeapLimit },
            $"--model-repository={_repository.FullPath}", "--model-control-mode=explicit", "--load-model=*", "--allow-client-shm=true", "--allow-setting-changes=true",
            $"--http-max-input-size={MaxInputBytes}", $"--http-max-request-bytes={MaxRequestBytes}", $"--grpc-max-request-bytes={MaxRequestBytes}", $"--grpc-max-inflated-bytes={MaxInputBytes}",
            "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1");
        Http = new HttpClient { BaseAddress = await _process.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        _metrics = new HttpClient { BaseAddress = _process.MetricsAddress, Timeout = TestTimeouts.Phase };
        _channel = GrpcChannel.ForAddress(_process.RpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        Rpc = new GRPCInferenceService.GRPCInferenceServiceClient(_channel);
        await AskWellAsync();
        _before = await MeasureAsync();
    }

    public async ValueTask DisposeAsync()
    {
        using (_repository)
        using (_process)
        using (_metrics)
        using (_channel)
        using (Http)
        {
            await StandsWithItsMemoryAsync();
            if (Stress.IsLong)
            {
                var heap = 0L;
                await UntilAsync(
                    "the last buffers to be given up",
                    async () => (heap = (await MeasureAsync()).Heap) <= _before.Heap + HeapSlackInTheEnd,
                    () => $"heap {_before.Heap >> 20} MiB before and {heap >> 20} MiB now",
                    turns: 60);
            }

            _process.Signal(ServerProcess.SigTerm);
            Assert.Equal(0, await _process.WaitForExitAsync());
        }
    }

    /// <summary>What must hold after any attack.</summary>
    internal async Task StandsAsync()
    {
        await AskWellAsync();
        await UntilAsync("nothing to be in flight", async () => Sum(await ScrapeAsync(), s_quiet) == 0);
        Assert.DoesNotContain("Unhandled exception", Log, StringComparison.Ordinal);
        var bad = Log.Split('\n').Where(static line => ErrorLine().IsMatch(line)).ToArray();
        Assert.True(bad.Length == 0, string.Join('\n', bad));
    }

    /// <summary>What must hold after an attack upon memory, or many others.</summary>
    internal async Task StandsWithItsMemoryAsync()
    {
        await StandsAsync();
        (long Heap, long Resident) now = default;
        await UntilAsync("its memory to come back", async () =>
        {
            now = await MeasureAsync();
            return now.Heap <= _before.Heap + HeapSlack && now.Resident <= _before.Resident + ResidentSlack;
        }, () => $"heap {_before.Heap >> 20} MiB before and {now.Heap >> 20} MiB now, resident {_before.Resident >> 20} and {now.Resident >> 20} MiB");
    }

    /// <summary>How many connections of HTTP and gRPC are open.</summary>
    internal async Task<int> ConnectionsAsync() =>
        (int)(Sum(await ScrapeAsync(), "inference_server_connections{port=\"http\"}") + Sum(await ScrapeAsync(), "inference_server_connections{port=\"grpc\"}"));

    /// <summary>What must hold after an attack by connections: none of them is counted any more, those included that the web server loses and leaves to a collection.</summary>
    internal async Task StandsWithItsConnectionsAsync(int before)
    {
        await StandsWithItsMemoryAsync();

        // Those of the requests that looked at the server are kept for a while.
        var now = 0;
        await UntilAsync("connections to be given back", async () =>
        {
            await MeasureAsync();
            now = await ConnectionsAsync();
            return now <= before + 4;
        }, () => $"{before} before and {now} now");
    }

    /// <summary>Posts a body; what is answered is looked at for what it must not tell.</summary>
    internal async Task<(int Status, string Body)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body);
        return await SendAsync(HttpMethod.Post, path, content);
    }

    /// <inheritdoc cref="PostAsync"/>
    internal async Task<(int Status, string Body)> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await Http.SendAsync(request, Token);
        var text = await response.Content.ReadAsStringAsync(Token);
        TellsNothing(text);
        return ((int)response.StatusCode, text);
    }

    /// <summary>An answer shows no path, address, stack or type of the server's inside.</summary>
    internal void TellsNothing(string answer)
    {
        Assert.DoesNotMatch(Inside(), answer);
        Assert.DoesNotContain(_repository.FullPath, answer, StringComparison.Ordinal);
        Assert.DoesNotContain(RepositoryRoot.Path, answer, StringComparison.Ordinal);
    }

    /// <summary>The metrics of now.</summary>
    internal Task<string> ScrapeAsync() => _metrics.GetStringAsync("", Token);

    /// <summary>The sum of the samples of families.</summary>
    internal static double Sum(string metrics, params ReadOnlySpan<string> families)
    {
        var sum = 0.0;
        foreach (var line in metrics.Split('\n'))
        {
            foreach (var family in families)
            {
                if (line.StartsWith(family, StringComparison.Ordinal) && line.Length > family.Length && line[family.Length] is '{' or ' ')
                {
                    sum += double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
                }
            }
        }

        return sum;
    }

    private void WriteIdentity(string model, string tensor, string more = "")
    {
        _repository.Write($"{model}/config.pbtxt", $$"""backend: "identity" max_batch_size: 0 input [ { name: "X" {{tensor}} } ] output [ { name: "Y" {{tensor}} } ] {{more}}""");
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, model, "1"));
    }

    private async Task AskWellAsync()
    {
        var (status, body) = await PostAsync("/v2/models/add_sub/infer", Good);
        Assert.True(status == (int)HttpStatusCode.OK, body);
        Assert.Contains("\"data\":[4.0,4.0", body, StringComparison.Ordinal);
        Assert.True((await Rpc.ModelReadyAsync(new ModelReadyRequest { Name = "add_sub" }, cancellationToken: Token)).Ready);
    }

    internal static async Task UntilAsync(string what, Func<Task<bool>> condition, Func<string>? state = null, int turns = 0)
    {
        // In turns of five seconds where it may take minutes.
        var (pause, most) = turns > 0 ? (TimeSpan.FromSeconds(5), turns) : (TimeSpan.FromMilliseconds(50), (int)(TestTimeouts.Phase / TimeSpan.FromMilliseconds(50)));
        for (var turn = 0; !await condition(); turn++)
        {
            Assert.True(turn < most, $"waited for {what}: {state?.Invoke()}");
            await Task.Delay(pause, CancellationToken.None);
        }
    }

    /// <summary>What lives on the managed heap after a collection, and what the process has in memory, in bytes.</summary>
    private async Task<(long Heap, long Resident)> MeasureAsync()
    {
        // A session that wants to know of collections begins with one.
        const long GCHeapCollect = 0x800000;
        using (var session = await new DiagnosticsClient(ProcessId).StartEventPipeSessionAsync([new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, GCHeapCollect)], requestRundown: false, circularBufferMB: 8, Token))
        {
            await session.StopAsync(Token);
        }

        // Free space between what lives belongs to nobody.
        var metrics = await ScrapeAsync();
        return ((long)(Sum(metrics, "dotnet_gc_heap_bytes") - Sum(metrics, "dotnet_gc_fragmented_bytes")), Stress.ResidentBytes(ProcessId));
    }

    // That a model of an attacker cannot be loaded is an error, and as it should be.
    [GeneratedRegex(@"^\S+ (FTL|ERR (?!Model ))")]
    private static partial Regex ErrorLine();

    [GeneratedRegex(@"/dev/shm|/root/|/home/|/tmp/|Exception|   at |0x[0-9a-fA-F]{9,}|Microsoft\.|System\.|Kestrel|\.cs:")]
    private static partial Regex Inside();
}
