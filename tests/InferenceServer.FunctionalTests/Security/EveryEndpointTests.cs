using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

/// <summary>
/// Everything that routing knows, on all three ports, asked by somebody who has no credential and by somebody who has one without rights. What is new and has no
/// rule fails here.
/// </summary>
public sealed partial class EveryEndpointTests
{
    private static readonly string[] s_publicPaths = ["/v2/health/live", "/v2/health/ready"];
    private static readonly string[] s_publicRpcs = ["/inference.GRPCInferenceService/ServerLive", "/inference.GRPCInferenceService/ServerReady", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Routes_Stranger_GetsToNoneButThePublicOnes()
    {
        await using var fixture = await StartAsync();
        var weak = fixture.Weak;
        var routes = Endpoints(fixture.Access).Where(static endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is null && endpoint.Metadata.GetMetadata<AccessMetadata>() is not { Rule: AccessRule.Nothing }).ToArray();
        Assert.True(routes.Length > 40, $"{routes.Length} routes");
        foreach (var route in routes)
        {
            var path = Fill(route);
            foreach (var method in new[] { "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PATCH" })
            {
                var isMetrics = path == "/metrics";
                var target = new Uri(isMetrics ? new Uri(fixture.Access.Server.MetricsAddress) : fixture.Access.Server.Http.BaseAddress!, path);
                var status = await AskAsync(fixture.Access, method, target, null);
                if (s_publicPaths.Contains(path))
                {
                    // Probes may ask the port of the metrics as well.
                    Assert.True(status is 200 or 405, $"{method} {path}: {status}");
                    Assert.Equal(status, await AskAsync(fixture.Access, method, new Uri(new Uri(fixture.Access.Server.MetricsAddress), path), null));
                    continue;
                }

                Assert.True(status == 401, $"{method} {path} without a credential: {status}");
                status = await AskAsync(fixture.Access, method, target, weak);
                Assert.True(status == 403, $"{method} {path} without rights: {status}");
            }
        }
    }

    [Fact]
    public async Task Rpcs_Stranger_GetsToNoneButThePublicOnes()
    {
        await using var fixture = await StartAsync();
        var rpcs = Endpoints(fixture.Access).Where(static endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null).ToArray();
        Assert.True(rpcs.Length > 20, $"{rpcs.Length} rpcs");
        foreach (var rpc in rpcs)
        {
            var path = rpc.RoutePattern.RawText!;
            if (s_publicRpcs.Contains(path))
            {
                continue;
            }

            Assert.Equal((StatusCode.Unauthenticated, path), (await CallAsync(fixture.Access, path, null), path));

            // A stream is opened by whoever has the right to some model: each of its messages is refused by itself.
            var expected = path.EndsWith("ModelStreamInfer", StringComparison.Ordinal) ? StatusCode.OK : StatusCode.PermissionDenied;
            Assert.Equal((expected, path), (await CallAsync(fixture.Access, path, fixture.Weak), path));
        }

        // The router goes without regard to case, and whatever it finds is guarded; what it does not find is not there.
        Assert.Equal(StatusCode.Unauthenticated, await CallAsync(fixture.Access, "/INFERENCE.grpcinferenceservice/modelinfer", null));
        Assert.Equal(StatusCode.Unauthenticated, await CallAsync(fixture.Access, "/inference.GRPCInferenceService/ModelInfer/", null));
        Assert.Equal(StatusCode.Unimplemented, await CallAsync(fixture.Access, "/inference.GRPCInferenceService/Nothing", null));
        Assert.Equal(StatusCode.Unimplemented, await CallAsync(fixture.Access, "/some.Service/ModelInfer", null));
        Assert.Equal(StatusCode.Unauthenticated, await CallAsync(fixture.Access, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", null));
    }

    [Fact]
    public async Task Endpoints_OfTheWholeServer_AllHaveARule()
    {
        await using var fixture = await StartAsync();
        Assert.All(Endpoints(fixture.Access), static endpoint => Assert.True(endpoint.Metadata.GetMetadata<AccessMetadata>() is not null, $"{endpoint.DisplayName} ({endpoint.RoutePattern.RawText}) has no rule: see AccessRules"));
        Assert.All(
            Endpoints(fixture.Access).Where(static endpoint => endpoint.Metadata.GetMetadata<AccessMetadata>() is { Rule: AccessRule.Nothing }),
            static endpoint => Assert.Matches("Not Found|Unimplemented", endpoint.DisplayName));
        Assert.Equal(
            [.. s_publicPaths.SelectMany(static path => (string[])[path, path]), .. s_publicRpcs],
            Endpoints(fixture.Access).Where(static endpoint => endpoint.Metadata.GetMetadata<AccessMetadata>() is { Rule: AccessRule.Health }).Select(static endpoint => endpoint.RoutePattern.RawText!).OrderBy(static path => path.StartsWith("/v2", StringComparison.Ordinal) ? 0 : path.StartsWith("/inference", StringComparison.Ordinal) ? 1 : 2).ThenBy(static path => path, StringComparer.Ordinal));
    }

    /// <summary>The same things asked for in other words: nothing of it may be answered.</summary>
    [Theory]
    [InlineData("GET /V2/Models/add_sub/CONFIG HTTP/1.1\r\n")]
    [InlineData("GET /v2/models/add_sub/ HTTP/1.1\r\n")]
    [InlineData("GET //v2/models/add_sub HTTP/1.1\r\n")]
    [InlineData("GET /v2//models/add_sub HTTP/1.1\r\n")]
    [InlineData("GET /v2/health/../models/add_sub/config HTTP/1.1\r\n")]
    [InlineData("GET /v2/health/live/../../models/add_sub/config HTTP/1.1\r\n")]
    [InlineData("GET /v2/health/%2e%2e/models/add_sub/config HTTP/1.1\r\n")]
    [InlineData("GET /v2/health/live%2f..%2f..%2fmodels%2fadd_sub HTTP/1.1\r\n")]
    [InlineData("GET /v2/health/live;/../../models/add_sub HTTP/1.1\r\n")]
    [InlineData("GET /%76%32/models/add_sub HTTP/1.1\r\n")]
    [InlineData("GET /v2/models/add%5Fsub/config HTTP/1.1\r\n")]
    [InlineData("GET /v2/models/add_sub;v=1/config HTTP/1.1\r\n")]
    [InlineData("GET /v2/models/add_sub/config;x HTTP/1.1\r\n")]
    [InlineData("GET /v2/models/add_sub\\config HTTP/1.1\r\n")]
    [InlineData("GET http://elsewhere.example/v2/models/add_sub HTTP/1.1\r\n")]
    [InlineData("GET /v2/health/live?/../../models/add_sub HTTP/1.1\r\nX-Original-URL: /v2/models/add_sub\r\nX-Rewrite-URL: /v2/models/add_sub\r\n")]
    [InlineData("GET /v2/models/add_sub HTTP/1.1\r\nX-HTTP-Method-Override: OPTIONS\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\n")]
    [InlineData("OPTIONS /v2/models/add_sub HTTP/1.1\r\nOrigin: https://page.example\r\nAccess-Control-Request-Method: GET\r\n")]
    [InlineData("TRACE /v2/models/add_sub HTTP/1.1\r\n")]
    [InlineData("FOO /v2/models/add_sub HTTP/1.1\r\n")]
    [InlineData("GET /v2/models/add_sub HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")]
    [InlineData("GET /v2/models/add_sub HTTP/1.1\r\nX-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\n")]
    [InlineData("GET /v2/models/add_sub HTTP/1.0\r\n")]
    [InlineData("GET /metrics HTTP/1.1\r\n")]
    [InlineData("POST /inference.GRPCInferenceService/ModelMetadata HTTP/1.1\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n")]
    public async Task Variant_OfAPath_TellsAStrangerNothing(string head)
    {
        await using var fixture = await StartAsync();
        foreach (var address in new[] { fixture.Access.Server.Http.BaseAddress!, new Uri(fixture.Access.Server.MetricsAddress) })
        {
            var answer = await SendRawAsync(address, head + "Host: x\r\nConnection: close\r\n\r\n");
            var status = int.Parse(answer.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(status is 400 or 401 or 404 || (head.Contains("live?/", StringComparison.Ordinal) && status == 200), $"{head} -> {answer}");
            Assert.DoesNotContain("INPUT0", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("nv_", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Access-Control", answer, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Refusal_SaysHowToGetInAndNotWhyNot()
    {
        await using var fixture = await StartAsync();
        var (status, body, response) = await fixture.Access.SendAsync("GET", "/v2");
        using (response)
        {
            Assert.Equal(401, status);
            Assert.Equal("Bearer realm=\"inference-server\"", response.Headers.WwwAuthenticate.ToString());
        }

        var answers = new List<string>();
        foreach (var key in new[] { "weak.0000000000000000000000000000000000000000000", "unknown.0000000000000000000000000000000000000000000", "nonsense" })
        {
            (status, body, response) = await fixture.Access.SendAsync("GET", "/v2", key);
            using (response)
            {
                Assert.Equal(401, status);
                answers.Add(body + response.Headers.WwwAuthenticate);
            }
        }

        Assert.Single(answers.Distinct());
        Assert.Contains("error=\"invalid_token\"", answers[0], StringComparison.Ordinal);
        (status, body, response) = await fixture.Access.SendAsync("GET", "/v2", fixture.Weak);
        using (response)
        {
            Assert.Equal(403, status);
            Assert.Contains("error=\"insufficient_scope\", scope=\"metadata\"", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    private static async Task<Running> StartAsync()
    {
        var access = new AccessFixture();
        var weak = access.AddKey("weak", """[{"scopes": ["inference"], "models": ["no-such-model"]}]""");
        await access.StartAsync(SampleServer.Repository, "--model-control-mode=explicit", "--load-model=add_sub", "--allow-client-shm=true", "--allow-setting-changes=true");
        return new Running(access, weak);
    }

    private static RouteEndpoint[] Endpoints(AccessFixture access) => [.. access.Server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    private static string Fill(RouteEndpoint route) => Parameter().Replace(route.RoutePattern.RawText!, static match => match.Groups[1].Value switch
    {
        "version" => "1",
        "word" => "stats",
        "model" => "add_sub",
        _ => "x",
    });

    private static async Task<int> AskAsync(AccessFixture access, string method, Uri target, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), target);
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using var response = await access.Server.Http.SendAsync(request, Cancellation);
        return (int)response.StatusCode;
    }

    /// <summary>Calls an rpc with an empty message, of whatever type.</summary>
    private static async Task<StatusCode> CallAsync(AccessFixture access, string path, string? key)
    {
        using var client = new HttpClient { Timeout = TestTimeouts.Phase };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{access.Server.RpcAddress}{path}") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(new byte[5]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        using var response = await client.SendAsync(request, Cancellation);
        await response.Content.ReadAsByteArrayAsync(Cancellation);
        var status = response.Headers.TryGetValues("grpc-status", out var values) || response.TrailingHeaders.TryGetValues("grpc-status", out values) ? values.Single() : throw new InvalidOperationException($"{path}: no status");
        return (StatusCode)int.Parse(status, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<string> SendRawAsync(Uri address, string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Cancellation);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), Cancellation);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync(Cancellation);
    }

    [GeneratedRegex(@"\{(\w+)[^}]*\}")]
    private static partial Regex Parameter();

    private sealed record Running(AccessFixture Access, string Weak) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Access.DisposeAsync();
    }
}
