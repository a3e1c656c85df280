using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Servers;

namespace InferenceServer.Bench.Statistics;

/// <summary>The counters of one model on one server. A server that has none is asked once.</summary>
internal sealed class ModelCounters(IModelServer server, string model, string? version) : IServerStatistics
{
    public string? Problem { get; private set; }

    public async Task<ServerCounters?> ReadAsync(CancellationToken cancellation)
    {
        if (Problem is not null)
        {
            return null;
        }

        try
        {
            return await server.CountAsync(model, version, cancellation);
        }
        catch (BenchException e)
        {
            Problem = e.Message;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && RequestFailure.Of(e) is { } failure)
        {
            Problem = failure.ToString();
        }

        return null;
    }
}
