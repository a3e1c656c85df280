using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Servers;

namespace InferenceServer.Bench.SharedMemory;

/// <summary>Whom requests with tensors in shared memory are for.</summary>
/// <param name="Encoding">The way they travel.</param>
/// <param name="Server">Where the server listens for that.</param>
/// <param name="Settings">How connections are made.</param>
internal sealed record SharedTarget(WireEncoding Encoding, ServerAddress Server, ConnectionSettings Settings)
{
    /// <summary>Who keeps the regions, asked over the protocol that the requests take.</summary>
    public IRegionServer Regions(TimeProvider clock) => Encoding.IsHttp() ? new HttpRegionServer(Server, Settings, clock) : new RpcRegionServer(Server, Settings, clock);
}
