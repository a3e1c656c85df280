using System.Net;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Addresses;

/// <summary>Where a server listens for either protocol.</summary>
internal sealed record LoadTarget(ServerAddress Http, ServerAddress Grpc)
{
    public static LoadTarget Of(IPEndPoint http, IPEndPoint grpc) => new(ServerAddress.Of(http), ServerAddress.Of(grpc));

    public ServerAddress For(WireEncoding encoding) => encoding.IsHttp() ? Http : Grpc;
}
