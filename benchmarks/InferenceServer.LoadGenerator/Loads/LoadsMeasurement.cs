using System.Diagnostics;
using System.Net;
using InferenceServer.Bench;

namespace InferenceServer.LoadGenerator.Loads;

/// <summary>
/// Loads and unloads models on two servers in turns, over the repository extension, as a client would: what is measured is the time until the load is answered, which is when the model serves.
/// </summary>
/// <param name="models">The models, which both servers have in their repositories.</param>
/// <param name="rounds">How many rounds are counted; one more comes before them, which fills what is kept between loads.</param>
/// <param name="client">Sends the requests.</param>
internal sealed class LoadsMeasurement(IReadOnlyList<string> models, int rounds, HttpClient client)
{
    public async Task<IReadOnlyList<LoadsRow>> RunAsync(IPEndPoint server, IPEndPoint other, CancellationToken cancellation)
    {
        var (times, otherTimes) = (models.ToDictionary(static model => model, static _ => new List<double>()), models.ToDictionary(static model => model, static _ => new List<double>()));
        for (var round = -1; round < rounds; round++)
        {
            foreach (var model in models)
            {
                // Whoever is second finds the files in the system's memory, and the machine as the first has left it.
                var isFirst = round % 2 == 0;
                var first = await LoadAsync(isFirst ? server : other, model, cancellation);
                var second = await LoadAsync(isFirst ? other : server, model, cancellation);
                if (round >= 0)
                {
                    times[model].Add(isFirst ? first : second);
                    otherTimes[model].Add(isFirst ? second : first);
                }
            }
        }

        return [.. models.Select(model => new LoadsRow(model, times[model], otherTimes[model]))];
    }

    private async Task<double> LoadAsync(IPEndPoint server, string model, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        await PostAsync(server, model, "load", cancellation);
        var taken = watch.Elapsed.TotalMilliseconds;
        await PostAsync(server, model, "unload", cancellation);
        return taken;
    }

    private async Task PostAsync(IPEndPoint server, string model, string action, CancellationToken cancellation)
    {
        using var response = await client.PostAsync(new Uri($"http://{server}/v2/repository/models/{Uri.EscapeDataString(model)}/{action}"), null, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new BenchException($"{server} answers the {action} of '{model}' with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellation)}");
        }
    }
}
