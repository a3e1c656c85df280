using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Inference;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Certificates;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

public sealed class TlsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly TestAuthority _authority = new("the authority");
    private readonly TestAuthority _stranger = new("the authority");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task EveryPort_SpeaksTls()
    {
        Write(_authority.IssueServer());
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit", "--load-model=add_sub", .. Flags("http"), .. Flags("grpc"), .. Flags("metrics")]);
        Assert.StartsWith("https://", server.Http.BaseAddress!.ToString(), StringComparison.Ordinal);
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var client = Client(_authority);
            var ones = string.Join(',', Enumerable.Repeat('1', 16));
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Http.BaseAddress, "/v2/models/add_sub/infer"))
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new StringContent($$"""{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,16],"data":[{{ones}}]},{"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":[{{ones}}]}]}"""),
            };
            using var response = await client.SendAsync(request, Cancellation);
            Assert.Equal((HttpStatusCode.OK, version), (response.StatusCode, response.Version));
            Assert.Contains("OUTPUT0", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }

        using (var client = Client(_authority))
        {
            Assert.Contains("inference_server_certificate_expiry_timestamp_seconds{listener=\"gRPC\"} ", await client.GetStringAsync(server.MetricsAddress, Cancellation), StringComparison.Ordinal);
        }

        using var channel = Channel(server, _authority);
        Assert.True((await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);

        using (var probe = ServerProcess.Start(["probe", "--http-address=127.0.0.1", $"--http-port={server.Http.BaseAddress.Port}", .. Flags("http")]))
        {
            Assert.Equal(0, await probe.WaitForExitAsync());
            Assert.Equal("ready", probe.Output.Trim());
        }

        // Another authority of the same name, and no encryption at all.
        using var wrong = Client(_stranger);
        await Assert.ThrowsAsync<HttpRequestException>(() => wrong.GetAsync(new Uri(server.Http.BaseAddress, "/v2"), Cancellation));
        using var plain = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetAsync($"http://{server.Http.BaseAddress.Authority}/v2", Cancellation));
    }

    [Fact]
    public async Task ClientCertificates_OnlyGoodOnes_GetIn()
    {
        Write(_authority.IssueServer());
        _folder.Write("ca.pem", _authority.Pem);
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit", .. Flags("http", isMutual: true), .. Flags("grpc", isMutual: true)]);
        using var good = _authority.IssueClient("good");
        using var expired = _authority.IssueClient("expired", days: -2);
        using var ofServers = _authority.IssueClient("server", isForClients: false);
        using var strange = _stranger.IssueClient("good");
        Assert.True(await GetsInAsync(server, good));
        foreach (var certificate in new[] { null, expired, ofServers, strange })
        {
            Assert.False(await GetsInAsync(server, certificate), certificate?.Subject ?? "no certificate");
        }

        // Probes have none, and ask elsewhere.
        using var probe = new HttpClient();
        using var ready = await probe.GetAsync(new Uri(new Uri(server.MetricsAddress), "/v2/health/ready"), Cancellation);
        using var models = await probe.GetAsync(new Uri(new Uri(server.MetricsAddress), "/v2/models/add_sub"), Cancellation);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (ready.StatusCode, models.StatusCode));
    }

    [Fact]
    public async Task ClientCertificate_KnownToTheAccessFile_HasItsRights()
    {
        Write(_authority.IssueServer());
        _folder.Write("ca.pem", _authority.Pem);
        var file = _folder.Write("access.json", """{"certificates": [{"id": "mesh", "uri": "spiffe://cluster/mesh", "grants": [{"scopes": ["metadata"], "models": ["*"]}]}]}""");
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit", $"--access-file={file}", .. Flags("http", isMutual: true), .. Flags("grpc", isMutual: true)]);
        using var known = _authority.IssueClient("mesh", "spiffe://cluster/mesh");
        using var unknown = _authority.IssueClient("mesh", "spiffe://cluster/other");
        foreach (var (certificate, status, code) in new[] { (known, HttpStatusCode.OK, StatusCode.OK), (unknown, HttpStatusCode.Unauthorized, StatusCode.Unauthenticated) })
        {
            using var client = Client(_authority, certificate);
            for (var i = 0; i < 2; i++)
            {
                using var response = await client.GetAsync(new Uri(server.Http.BaseAddress!, "/v2"), Cancellation);
                Assert.Equal(status, response.StatusCode);
            }

            using var forbidden = await client.PostAsync(new Uri(server.Http.BaseAddress!, "/v2/repository/models/m/load"), null, Cancellation);
            Assert.Equal(status == HttpStatusCode.OK ? HttpStatusCode.Forbidden : status, forbidden.StatusCode);
            using var channel = Channel(server, _authority, certificate);
            var rpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
            Assert.Equal(code, await CodeAsync(rpc.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancellation)));
        }

        // A wrong key is wrong, whatever the connection has.
        using var both = Client(_authority, known);
        both.DefaultRequestHeaders.Add("X-API-Key", "mesh.0000");
        using var answer = await both.GetAsync(new Uri(server.Http.BaseAddress!, "/v2"), Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Certificate_ReplacedUnderTraffic_FailsNoRequest()
    {
        // As Kubernetes mounts a secret, and replaces it.
        var first = _authority.IssueServer("first");
        var second = _authority.IssueServer("second");
        foreach (var (name, pair) in new[] { ("..1", first), ("..2", second) })
        {
            _folder.Write($"{name}/cert.pem", pair.Certificate);
            _folder.Write($"{name}/key.pem", pair.Key);
        }

        string At(string name) => Path.Combine(_folder.FullPath, name);
        Directory.CreateSymbolicLink(At("..data"), "..1");
        File.CreateSymbolicLink(At("cert.pem"), "..data/cert.pem");
        File.CreateSymbolicLink(At("key.pem"), "..data/key.pem");
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit", .. Flags("http"), .. Flags("grpc")]);
        var seen = new HashSet<string>();
        using var kept = Client(_authority);
        using var stop = new CancellationTokenSource(TestTimeouts.Phase);
        var traffic = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            while (!stop.IsCancellationRequested)
            {
                // A connection of its own for each, and one that is kept through it all.
                using var fresh = Client(_authority, seen: seen);
                using var response = await fresh.GetAsync(new Uri(server.Http.BaseAddress!, "/v2/health/live"));
                response.EnsureSuccessStatusCode();
                using var other = await kept.GetAsync(new Uri(server.Http.BaseAddress!, "/v2/health/live"));
                other.EnsureSuccessStatusCode();
                using var channel = Channel(server, _authority);
                Assert.True((await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ServerLiveAsync(new ServerLiveRequest())).Live);
                count++;
            }

            return count;
        })));
        await Has("CN=first");
        File.CreateSymbolicLink(At("..next"), "..2");
        using (var move = System.Diagnostics.Process.Start("mv", ["-T", At("..next"), At("..data")]))
        {
            // A rename over what is there, which has no moment without it.
            await move.WaitForExitAsync(Cancellation);
            Assert.Equal(0, move.ExitCode);
        }

        await Has("CN=second");
        await stop.CancelAsync();
        Assert.All(await traffic, static count => Assert.True(count > 0));

        async Task Has(string subject)
        {
            while (true)
            {
                lock (seen)
                {
                    if (seen.Contains(subject))
                    {
                        return;
                    }
                }

                Assert.False(traffic.IsCompleted, traffic.Exception?.ToString() ?? $"no connection had {subject}");
                await Task.Delay(50, Cancellation);
            }
        }
    }

    private static HttpClient Client(TestAuthority trusted, X509Certificate2? own = null, HashSet<string>? seen = null) => new(Handler(trusted, own, seen)) { Timeout = TestTimeouts.Phase };

    private static SocketsHttpHandler Handler(TestAuthority trusted, X509Certificate2? own, HashSet<string>? seen = null) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            LocalCertificateSelectionCallback = own is null ? null : (_, _, _, _, _) => own,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                if (seen is not null)
                {
                    lock (seen)
                    {
                        seen.Add(certificate!.Subject);
                    }
                }

                using var chain = new X509Chain();
                chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                chain.ChainPolicy.CustomTrustStore.Add(trusted.Certificate);
                chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return chain.Build((X509Certificate2)certificate!);
            },
        },
    };

    private static GrpcChannel Channel(RunningServer server, TestAuthority trusted, X509Certificate2? own = null) =>
        GrpcChannel.ForAddress("https://" + server.RpcAddress, new GrpcChannelOptions { HttpHandler = Handler(trusted, own), DisposeHttpClient = true });

    private async Task<bool> GetsInAsync(RunningServer server, X509Certificate2? certificate)
    {
        using var channel = Channel(server, _authority, certificate);
        var code = await CodeAsync(new GRPCInferenceService.GRPCInferenceServiceClient(channel).ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation));
        try
        {
            using var client = Client(_authority, certificate);
            using var response = await client.GetAsync(new Uri(server.Http.BaseAddress!, "/v2"), Cancellation);
            Assert.Equal((HttpStatusCode.OK, StatusCode.OK), (response.StatusCode, code));
            return true;
        }
        catch (HttpRequestException)
        {
            Assert.NotEqual(StatusCode.OK, code);
            return false;
        }
    }

    private static async Task<StatusCode> CodeAsync<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            await call.ResponseAsync;
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    private void Write((string Certificate, string Key) pair)
    {
        _folder.Write("cert.pem", pair.Certificate);
        _folder.Write("key.pem", pair.Key);
    }

    private string[] Flags(string port, bool isMutual = false)
    {
        var path = _folder.FullPath;
        string[] flags = [$"--{port}-use-ssl=true", $"--{port}-server-cert={path}/cert.pem", $"--{port}-server-key={path}/key.pem"];
        return isMutual ? [.. flags, $"--{port}-use-ssl-mutual=true", $"--{port}-root-cert={path}/ca.pem"] : flags;
    }
}
