using System.Net;
using InferenceServer.LoadGenerator.Requests;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>Where a server listens. Both addresses are loopback.</summary>
internal sealed record LoadTarget(IPEndPoint Http, IPEndPoint Grpc)
{
    public IPEndPoint For(WireEncoding encoding) => encoding == WireEncoding.Grpc ? Grpc : Http;
}
