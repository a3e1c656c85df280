using System.Net;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Protocols.KServe.Restrictions;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

public sealed class RestrictedApiTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Endpoints_OfTheWholeServer_AllHaveACategory()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, waitForModels: false);

        // The metrics have a port of their own, which the restrictions do not cover.
        var endpoints = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(static endpoint => endpoint.RoutePattern.RawText != "/metrics").ToArray();
        Assert.Contains(endpoints, static endpoint => endpoint.RoutePattern.RawText == "/v2/models/{model}/infer");
        Assert.Contains(endpoints, static endpoint => endpoint.RoutePattern.RawText == "/inference.GRPCInferenceService/ModelInfer");
        Assert.All(endpoints, static endpoint => Assert.True(endpoint.Metadata.GetMetadata<ApiCategoryMetadata>() is not null, $"{endpoint.DisplayName} ({endpoint.RoutePattern.RawText}) has no category: see ApiCategories"));

        // Only what answers that there is nothing may be of no category.
        Assert.All(
            endpoints.Where(static endpoint => endpoint.Metadata.GetMetadata<ApiCategoryMetadata>()?.Category is null),
            static endpoint => Assert.Matches("Not Found|Unimplemented", endpoint.DisplayName));
    }

    [Fact]
    public async Task Http_RestrictedCategory_IsRefusedBeforeMethodModelAndBody()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--http-restricted-api=inference,metadata:x-key=s3cret", "--http-restricted-api=health:x-probe=1"]);
        foreach (var (method, path, header, value, status) in new[]
        {
            ("GET", "/v2/models/add_sub", "x-key", "s3cret", HttpStatusCode.OK),
            ("GET", "/v2/models/add_sub", "X-KEY", "s3cret", HttpStatusCode.OK),
            ("GET", "/v2/models/add_sub", "x-key", "S3cret", HttpStatusCode.Forbidden),
            ("GET", "/v2/models/nothing", "x-probe", "1", HttpStatusCode.Forbidden),
            ("GET", "/v2/models/add_sub/infer", "x-other", "1", HttpStatusCode.Forbidden),
            ("GET", "/v2/models/add_sub/infer", "x-key", "s3cret", HttpStatusCode.MethodNotAllowed),
            ("GET", "/V2/models/add_sub", "x-other", "1", HttpStatusCode.Forbidden),
            ("GET", "/v2/models/add%5Fsub", "x-other", "1", HttpStatusCode.Forbidden),
            ("GET", "/v2/models/add_sub/config", "x-other", "1", HttpStatusCode.OK),
            ("GET", "/v2/health/ready", "x-probe", "1", HttpStatusCode.OK),
            ("GET", "/v2/health/ready", "x-key", "s3cret", HttpStatusCode.Forbidden),
            ("GET", "/v2/nothing", "x-other", "1", HttpStatusCode.NotFound),
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { { header, value } } };
            using var response = await server.Http.SendAsync(request, Cancellation);
            Assert.True(status == response.StatusCode, $"{method} {path} with {header}: {response.StatusCode}");
            if (path.StartsWith("/v2/health", StringComparison.Ordinal))
            {
                // At the port of the metrics no less.
                using var again = new HttpRequestMessage(new HttpMethod(method), new Uri(new Uri(server.MetricsAddress), path)) { Headers = { { header, value } } };
                using var other = await server.Http.SendAsync(again, Cancellation);
                Assert.Equal(status, other.StatusCode);
            }

            if (status == HttpStatusCode.Forbidden)
            {
                Assert.Matches("""^\{"error":"This API is restricted, expecting header 'x-(key|probe)'"\}$""", await response.Content.ReadAsStringAsync(Cancellation));
            }
        }

        Assert.Contains("nv_inference_count", await server.Http.GetStringAsync(new Uri(server.MetricsAddress), Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", server.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rpc_RestrictedCategory_IsRefusedInUnaryCallsAndStreams()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--grpc-restricted-protocol=inference,metadata:admin=k1"]);
        var right = new Metadata { { "triton-grpc-protocol-admin", "k1" } };
        Assert.Equal("add_sub", (await server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "add_sub" }, right, cancellationToken: Cancellation)).Name);
        Assert.True((await server.Rpc.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);
        foreach (var wrong in new[] { [], new Metadata { { "admin", "k1" } }, new Metadata { { "triton-grpc-protocol-admin", "k2" } } })
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ServerMetadataAsync(new ServerMetadataRequest(), wrong, cancellationToken: Cancellation));
            Assert.Equal((StatusCode.Unavailable, "This protocol is restricted, expecting header 'triton-grpc-protocol-admin'"), (error.StatusCode, error.Status.Detail));
        }

        using var stream = server.Rpc.ModelStreamInfer(cancellationToken: Cancellation);
        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await stream.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(StatusCode.Unavailable, refusal.StatusCode);
        Assert.Contains("triton-grpc-protocol-admin", refusal.Status.Detail, StringComparison.Ordinal);
    }
}
