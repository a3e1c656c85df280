using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class EndpointTests
{
    [Fact]
    public async Task MapKServeRpc_ConventionOnTheResult_AppliesToEveryEndpoint()
    {
        await using var server = await RpcServer.StartAsync();

        var endpoints = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();

        Assert.All(endpoints, static endpoint => Assert.Contains(RpcServer.Convention, endpoint.Metadata));
        Assert.Equal(20, endpoints.Count(static endpoint => endpoint.RoutePattern.Parameters.Count == 0
            && endpoint.RoutePattern.RawText!.StartsWith("/inference.GRPCInferenceService/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task MapKServeRpc_InferenceEndpoints_HaveNoLimitOnTheBody()
    {
        await using var server = await RpcServer.StartAsync();

        var endpoint = server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Single(static endpoint => endpoint.RoutePattern.RawText == "/inference.GRPCInferenceService/ModelInfer");

        Assert.Null(endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>()!.MaxRequestBodySize);
    }
}
