using System.Text.Json;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Servers;

/// <summary>Asks over HTTP.</summary>
internal sealed class HttpModelServer(ServerAddress server, ConnectionSettings settings, TimeProvider clock) : IModelServer
{
    public async Task<ModelMetadata> DescribeAsync(string model, string? version, CancellationToken cancellation) =>
        ModelMetadataReader.Read(await GetAsync(InferRequest.PathOf(model, version), cancellation));

    public async Task<ServerCounters> CountAsync(string model, string? version, CancellationToken cancellation)
    {
        var body = await GetAsync(InferRequest.PathOf(model, version) + "/stats", cancellation);
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.GetProperty("model_stats").EnumerateArray().Select(ReadVersion).Aggregate(ServerCounters.None, static (sum, one) => sum + one);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BenchException($"the statistics of {server} cannot be read: {e.Message}", e);
        }
    }

    private static ServerCounters ReadVersion(JsonElement version)
    {
        var parts = version.GetProperty("inference_stats");
        return new ServerCounters(
            Number(version, "inference_count"),
            Number(version, "execution_count"),
            Duration(parts, "success"),
            Duration(parts, "fail"),
            Duration(parts, "queue"),
            Duration(parts, "compute_input"),
            Duration(parts, "compute_infer"),
            Duration(parts, "compute_output"),
            Duration(parts, "cache_hit"));
    }

    private static DurationCounter Duration(JsonElement parts, string name) =>
        parts.TryGetProperty(name, out var part) ? new DurationCounter(Number(part, "count"), Number(part, "ns")) : default;

    private static ulong Number(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetUInt64() : 0;

    private Task<byte[]> GetAsync(string path, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var connection = HttpConnection.Open(server, settings, clock);
            connection.Exchange(HttpRequestBuilder.Get(server, path, settings.Headers));
            return connection.Response.StatusCode == 200
                ? connection.Response.Body.ToArray()
                : throw new RequestFailedException(RequestFailure.OfStatus(connection.Response.StatusCode, connection.Response.Body));
        },
        cancellation);
}
