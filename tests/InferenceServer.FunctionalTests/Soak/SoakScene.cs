using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>What the actors of a round have before them.</summary>
/// <param name="Books">Where they write what became of their attempts.</param>
/// <param name="Clients">The clients that behave.</param>
/// <param name="Http">Where HTTP is served.</param>
/// <param name="Rpc">Where gRPC is served.</param>
/// <param name="Metrics">Where the metrics are.</param>
/// <param name="Repository">The repository, which may be changed.</param>
/// <param name="Leaves">False when nobody leaves before an answer that the server may have counted: then the counters must be exact.</param>
/// <param name="Ending">Signalled when the round is over: what has begun is brought to its end.</param>
internal sealed record SoakScene(SoakBooks Books, SoakClients Clients, Uri Http, Uri Rpc, Uri Metrics, TemporaryDirectory Repository, bool Leaves, CancellationToken Ending)
{
    /// <summary>Waits, or less when the round is over.</summary>
    public async Task PauseAsync(int milliseconds) => await Task.Delay(milliseconds, Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Asks the control plane, which must answer with a status; the body is returned.</summary>
    public async Task<string> ControlAsync(string path, string json, int status = 200)
    {
        var ticket = Books.Open(SoakWay.Other, path);
        using var content = new StringContent(json);
        using var answer = await Clients.Http.PostAsync(path, content);
        var body = await answer.Content.ReadAsStringAsync();
        if ((int)answer.StatusCode != status)
        {
            Books.Fault($"{path} {json}: expected {status}, got {(int)answer.StatusCode}: {body}");
        }

        if (answer.IsSuccessStatusCode)
        {
            ticket.Answer();
        }
        else
        {
            ticket.TurnAway($"{(int)answer.StatusCode}");
        }

        return body;
    }
}
