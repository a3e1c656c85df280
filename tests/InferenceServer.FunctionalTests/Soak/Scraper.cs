namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Reads the metrics all along: they are well formed, and what counts answers never counts back.</summary>
internal sealed class Scraper : ISoakActor
{
    private Dictionary<string, double> _last = [];

    public async Task StepAsync(SoakScene scene, Random random)
    {
        var ticket = scene.Books.Open(SoakWay.Other, "/metrics");
        var metrics = SoakMetrics.Read(await scene.Clients.Http.GetStringAsync(new Uri(scene.Metrics, "/metrics")));
        ticket.Answer();
        var next = metrics.Samples("inference_server_answer_total").ToDictionary();
        foreach (var (sample, value) in _last.Where(one => next.GetValueOrDefault(one.Key) < one.Value))
        {
            scene.Books.Fault($"{sample} was {value} and is {next.GetValueOrDefault(sample)}");
        }

        _last = next;
        await scene.PauseAsync(random.Next(50, 250));
    }
}
