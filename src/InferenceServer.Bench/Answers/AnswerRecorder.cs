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
    /// <summary>Takes the answers with their tensors.</summary>
    /// <exception cref="BenchException">A request fails, or its answer cannot be read.</exception>
    public Task<RecordedAnswers> RecordAsync(WireEncoding encoding, ServerAddress server, IReadOnlyList<byte[]> requests, CancellationToken cancellation) =>
        RecordAsync(encoding, server, requests, null, cancellation);

    /// <summary>Takes what the answers are byte by byte; their tensors are elsewhere.</summary>
    /// <param name="encoding">The way the requests travel.</param>
    /// <param name="server">Where the server listens for that.</param>
    /// <param name="requests">The requests as they are sent.</param>
    /// <param name="answered">Told of each answer before the next request is sent: the request's number, and the body; null on a stream.</param>
    /// <param name="cancellation">Ends it before it begins.</param>
    /// <exception cref="BenchException">A request fails, or <paramref name="answered"/> throws what is a failure of one.</exception>
    public async Task<RecordedAnswers> RecordAsync(WireEncoding encoding, ServerAddress server, IReadOnlyList<byte[]> requests, Action<int, byte[]?>? answered, CancellationToken cancellation)
    {
        var name = $"{encoding.Title()} of {server}";
        try
        {
            return encoding switch
            {
                WireEncoding.Json or WireEncoding.Binary => await Task.Run(() => OverHttp(name, server, requests, answered), cancellation),
                WireEncoding.Grpc => await OverRpcAsync(name, server, requests, answered),
                _ => await OnStreamAsync(name, server, requests, answered),
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

    private RecordedAnswers OverHttp(string name, ServerAddress server, IReadOnlyList<byte[]> requests, Action<int, byte[]?>? answered)
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
            if (answered is not null)
            {
                answered(bodies.Count - 1, bodies[^1]);
                continue;
            }

            var header = response.Headers().FirstOrDefault(static field => field.Key.Equals("Inference-Header-Content-Length", StringComparison.OrdinalIgnoreCase)).Value;
            answers.Add(HttpAnswerReader.Read(bodies[^1], JsonLength(header)));
        }

        return new RecordedAnswers(name, bodies, answered is null ? answers : null);
    }

    private async Task<RecordedAnswers> OverRpcAsync(string name, ServerAddress server, IReadOnlyList<byte[]> requests, Action<int, byte[]?>? answered)
    {
        await using var connection = new UnaryConnection(server, settings, clock);
        var bodies = new List<byte[]>();
        foreach (var request in requests)
        {
            bodies.Add(await connection.CallAsync(request));
            answered?.Invoke(bodies.Count - 1, bodies[^1]);
        }

        return new RecordedAnswers(name, bodies, answered is null ? [.. bodies.Select(RpcAnswerReader.Read)] : null);
    }

    private async Task<RecordedAnswers> OnStreamAsync(string name, ServerAddress server, IReadOnlyList<byte[]> requests, Action<int, byte[]?>? answered)
    {
        await using var connection = new StreamConnection(server, settings, 1, clock);
        var digests = new List<byte[]>();
        foreach (var request in requests)
        {
            digests.Add(StreamConnection.DigestOf(await connection.ExchangeAsync(0, request, null)));
            answered?.Invoke(digests.Count - 1, null);
        }

        return new RecordedAnswers(name, digests, null);
    }
}
