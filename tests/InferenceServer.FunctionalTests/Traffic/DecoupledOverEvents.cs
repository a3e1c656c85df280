using System.Text.Json;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>Asks over HTTP for server-sent events, each question by a request of its own.</summary>
internal sealed class DecoupledOverEvents(HttpClient http) : IDecoupledDoor
{
    public bool TellsFinal => false;

    public Task<DecoupledAnswer[]> AskAsync(DecoupledItem[] items, int? leavesAfter, CancellationToken cancellationToken) =>
        Task.WhenAll(items.Select(item => AskAsync(item, leavesAfter, cancellationToken)));

    private async Task<DecoupledAnswer> AskAsync(DecoupledItem item, int? leavesAfter, CancellationToken cancellationToken)
    {
        var answer = new DecoupledAnswer();
        var delays = item.Delays is null ? "" : $$""","DELAY":[{{string.Join(',', item.Delays)}}],"WAIT":[0]""";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{item.Model}/generate_stream")
        {
            Content = new StringContent($$"""{"id":"{{item.Id}}","IN":[{{string.Join(',', item.Values)}}]{{delays}}}"""),
        };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.Status = (int)response.StatusCode;
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (true)
        {
            if (answer.Count >= leavesAfter)
            {
                answer.Leave();
                return answer;
            }

            if (await reader.ReadLineAsync(cancellationToken) is not { } line)
            {
                answer.End();
                return answer;
            }

            if (line.Length > 0)
            {
                Read(line, item, answer);
            }
        }
    }

    private static void Read(string line, DecoupledItem item, DecoupledAnswer answer)
    {
        Xunit.Assert.StartsWith("data: {", line, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(line["data: ".Length..]);
        var root = document.RootElement;
        if (root.TryGetProperty("error", out var error))
        {
            answer.Fail(error.GetString()!);
            return;
        }

        Xunit.Assert.Equal(item.Id, root.GetProperty("id").GetString());
        var piece = new DecoupledPiece(root.GetProperty("OUT").GetInt32(), root.TryGetProperty("IDX", out var place) ? place.GetInt32() : null);
        answer.Add(root.GetProperty("model_name").GetString()!, item, piece, isFinal: false);
    }
}
