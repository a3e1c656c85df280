using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Servers;

/// <summary>What a server says of a model. Every call throws what <see cref="RequestFailure.Of"/> knows, or a <see cref="BenchException"/> for an answer that makes no sense.</summary>
internal interface IModelServer
{
    Task<ModelMetadata> DescribeAsync(string model, string? version, CancellationToken cancellation);

    /// <summary>The sum over the versions that answer.</summary>
    Task<ServerCounters> CountAsync(string model, string? version, CancellationToken cancellation);
}
