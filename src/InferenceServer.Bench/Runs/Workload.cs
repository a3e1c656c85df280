using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Servers;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Runs;

/// <summary>What is sent to one server in one encoding, and whom to ask for its own figures.</summary>
internal sealed record Workload(WireEncoding Encoding, ServerAddress Server, RequestSet Requests, IServerStatistics Statistics)
{
    public static IModelServer Asked(LoadTarget target, WireEncoding encoding, ConnectionSettings settings, TimeProvider clock) =>
        encoding.IsHttp() ? new HttpModelServer(target.Http, settings, clock) : new RpcModelServer(target.Grpc, settings, clock);
}
