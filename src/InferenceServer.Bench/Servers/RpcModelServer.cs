using Grpc.Core;
using Inference;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Rpc;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Servers;

/// <summary>Asks over gRPC.</summary>
internal sealed class RpcModelServer(ServerAddress server, ConnectionSettings settings, TimeProvider clock) : IModelServer
{
    public async Task<ModelMetadata> DescribeAsync(string model, string? version, CancellationToken cancellation)
    {
        using var channel = new RpcChannel(server, settings);
        var request = new ModelMetadataRequest { Name = model, Version = version ?? "" };
        var answer = await new GRPCInferenceService.GRPCInferenceServiceClient(channel.Invoker).ModelMetadataAsync(request, Options(channel, cancellation));
        return new ModelMetadata(answer.Name, [.. answer.Inputs.Select(TensorOf)], [.. answer.Outputs.Select(TensorOf)]);
    }

    public async Task<ServerCounters> CountAsync(string model, string? version, CancellationToken cancellation)
    {
        using var channel = new RpcChannel(server, settings);
        var request = new ModelStatisticsRequest { Name = model, Version = version ?? "" };
        var answer = await new GRPCInferenceService.GRPCInferenceServiceClient(channel.Invoker).ModelStatisticsAsync(request, Options(channel, cancellation));
        return answer.ModelStats.Select(CountersOf).Aggregate(ServerCounters.None, static (sum, one) => sum + one);
    }

    private static TensorMetadata TensorOf(ModelMetadataResponse.Types.TensorMetadata tensor) => new(tensor.Name, tensor.Datatype, [.. tensor.Shape]);

    private static ServerCounters CountersOf(ModelStatistics version)
    {
        var parts = version.InferenceStats ?? new InferStatistics();
        return new ServerCounters(
            version.InferenceCount,
            version.ExecutionCount,
            CounterOf(parts.Success),
            CounterOf(parts.Fail),
            CounterOf(parts.Queue),
            CounterOf(parts.ComputeInput),
            CounterOf(parts.ComputeInfer),
            CounterOf(parts.ComputeOutput),
            CounterOf(parts.CacheHit));
    }

    private static DurationCounter CounterOf(StatisticDuration? duration) => duration is null ? default : new DurationCounter(duration.Count, duration.Ns);

    private CallOptions Options(RpcChannel channel, CancellationToken cancellation) =>
        new(channel.Headers, (clock.GetUtcNow() + settings.Timeout).UtcDateTime, cancellation);
}
