using System.Globalization;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Rpc;

namespace InferenceServer.Bench.Answers;

/// <summary>Has each request answered once.</summary>
internal sealed class AnswerRecorder(ConnectionSettings settings, TimeProvider clock)
{
    /// <exception cref="BenchException">A request fails, or its answer cannot be read.</exception>
    public async Task<RecordedAnswers> RecordAsync(WireEncoding encoding, ServerAddress server, IReadOnlyList<byte[]> requests, CancellationToken cancellation)
    {
        var name = $"{encoding.Title()} of {server}";
        try
        {
            return encoding switch
            {
                WireEncoding.Json or WireEncoding.Binary => await Task.Run(() => OverHttp(name, server, requests), cancellation),
                WireEncoding.Grpc => await OverRpcAsync(name, server, requests),
                _ => await OnStreamAsync(name, server, requests),
            };
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            throw new BenchException($"{name} fails before the measurement: {failure}", e);
        }
    }

    /// <summary>Where the tensors begin behind the JSON of an answer; null when it has none.</summary>
    public static int? JsonLength(string? header) => header is null
        ? null
        : int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw new BenchException($"the answer has the Inference-Header-Content-Length '{header}'");

    private RecordedAnswers OverHttp(string name, ServerAddress server, IReadOnlyList<byte[]> requests)
    {
        using var connection = HttpConnection.Open(server, settings, clock);
        var bodies = new List<byte[]>();
        var answers = new List<Answer>();
        foreach (var request in requests)
        {
            connection.Exchange(request);
            var response = connection.Response;
            if (response.StatusCode != 200)
            {
                throw new RequestFailedException(RequestFailure.OfStatus(response.StatusCode, response.Body));
            }

            bodies.Add(response.Body.ToArray());
            var header = response.Headers().FirstOrDefault(static field => field.Key.Equals("Inference-Header-Content-Length", StringComparison.OrdinalIgnoreCase)).Value;
            answers.Add(HttpAnswerReader.Read(bodies[^1], JsonLength(header)));
        }

        return new RecordedAnswers(name, bodies, answers);
    }

    private async Task<RecordedAnswers> OverRpcAsync(string name, ServerAddress server, IReadOnlyList<byte[]> requests)
    {
        await using var connection = new UnaryConnection(server, settings, clock);
        var bodies = new List<byte[]>();
        foreach (var request in requests)
        {
            bodies.Add(await connection.CallAsync(request));
        }

        return new RecordedAnswers(name, bodies, [.. bodies.Select(RpcAnswerReader.Read)]);
    }

    private async Task<RecordedAnswers> OnStreamAsync(string name, ServerAddress server, IReadOnlyList<byte[]> requests)
    {
        await using var connection = new StreamConnection(server, settings, 1, clock);
        var digests = new List<byte[]>();
        foreach (var request in requests)
        {
            digests.Add(StreamConnection.DigestOf(await connection.ExchangeAsync(0, request, null)));
        }

        return new RecordedAnswers(name, digests, null);
    }
}
