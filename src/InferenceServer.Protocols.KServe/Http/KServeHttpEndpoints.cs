using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Protocols.KServe.Http;

public static class KServeHttpEndpoints
{
    public static IServiceCollection AddKServeHttp(this IServiceCollection services, KServeHttpOptions options) => services;

    public static void MapKServeHttp(this IEndpointRouteBuilder endpoints)
    {
    }
}

public sealed record KServeHttpOptions
{
    public long MaxInputSize { get; init; }

    public long MaxRequestBytes { get; init; }
}
