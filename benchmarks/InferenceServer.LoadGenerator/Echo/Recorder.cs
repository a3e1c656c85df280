using InferenceServer.Bench;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Rpc;
using InferenceServer.LoadGenerator.Answers;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>Asks a server once in each encoding, checks the answers and keeps them.</summary>
internal sealed class Recorder(LoadTarget server, TimeSpan timeout)
{
    public async Task<RecordedWorkload> RecordAsync(string model, int rows, IReadOnlyList<WireEncoding> encodings, CancellationToken cancellation)
    {
        var metadata = Ask(HttpRequestBuilder.Get(server.Http, InferRequest.PathOf(model, null), []), "model metadata");
        var description = ModelMetadataReader.Read(metadata.Body);
        if (description.Name != model)
        {
            throw new BenchException($"{server.Http} was asked for model '{model}' and describes '{description.Name}'");
        }

        var inputs = TensorGenerator.Inputs(description, rows);
        var requests = new InferRequests(description.Name, inputs);
        var recording = new Recording(metadata, null, null, null);
        var check = AnswerCheck.Form;
        (WireEncoding Encoding, Answer Answer)? first = null;
        foreach (var encoding in encodings)
        {
            (recording, var answer) = await AskAsync(recording, encoding, requests.For(encoding, server), cancellation);
            check = AnswerChecker.Check(description, inputs, answer);
            first ??= (encoding, answer);
            AnswerComparison.CheckEqual(first.Value.Answer, first.Value.Encoding.ToString(), answer, encoding.ToString());
        }

        return new RecordedWorkload(requests, recording, check);
    }

    private async Task<(Recording Recording, Answer Answer)> AskAsync(
        Recording recording, WireEncoding encoding, byte[] request, CancellationToken cancellation)
    {
        switch (encoding)
        {
            case WireEncoding.Json:
                var json = Ask(request, "JSON request");
                return (recording with { Json = json }, HttpAnswerReader.Read(json.Body, JsonLength(json)));
            case WireEncoding.Binary:
                var binary = Ask(request, "binary request");
                return (recording with { Binary = binary }, HttpAnswerReader.Read(binary.Body, JsonLength(binary)));
            default:
                var message = await CallAsync(request, cancellation);
                return (recording with { Grpc = message }, RpcAnswerReader.Read(message));
        }
    }

    private RecordedHttpAnswer Ask(byte[] request, string what)
    {
        try
        {
            using var connection = HttpConnection.Open(server.Http, ConnectionSettings.Plain(timeout), TimeProvider.System);
            connection.Exchange(request);
            var response = connection.Response;
            return response.StatusCode == 200
                ? new RecordedHttpAnswer(response.Headers(), response.Body.ToArray())
                : throw new BenchException(
                    $"the {what} to {server.Http} gave status {response.StatusCode}: {System.Text.Encoding.UTF8.GetString(response.Body)}");
        }
        catch (Exception e) when (RequestFailure.Of(e) is not null)
        {
            throw new BenchException($"the {what} to {server.Http} failed: {e.Message}", e);
        }
    }

    private async Task<byte[]> CallAsync(byte[] request, CancellationToken cancellation)
    {
        try
        {
            await using var connection = new UnaryConnection(server.Grpc, ConnectionSettings.Plain(timeout), TimeProvider.System);
            return await connection.CallAsync(request).WaitAsync(cancellation);
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            throw new BenchException($"the gRPC request to {server.Grpc} gave {failure}", e);
        }
    }

    internal static int? JsonLength(RecordedHttpAnswer answer) => AnswerRecorder.JsonLength(answer.Header("Inference-Header-Content-Length"));
}
