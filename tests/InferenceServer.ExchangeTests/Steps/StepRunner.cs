using System.Globalization;
using InferenceServer.ExchangeTests.Comparing;
using InferenceServer.ExchangeTests.Http;
using InferenceServer.ExchangeTests.Json;
using InferenceServer.ExchangeTests.Rpc;

namespace InferenceServer.ExchangeTests.Steps;

/// <summary>Performs the steps of cases against one server.</summary>
internal sealed class StepRunner(string httpAddress, string metricsAddress, RpcExchange rpc, TimeProvider time, CancellationToken cancellation)
{
    /// <summary>Counters may be brought up to date a moment after the answer has left.</summary>
    private static readonly TimeSpan s_counterDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>Performs a step and adds what is different from the recording.</summary>
    /// <returns>What came back; empty for a step that asks the server nothing.</returns>
    public async Task<StepAnswer[]> RunAsync(JsonObject step, List<Difference> found)
    {
        if (step.Number("sleep_ms") is { } milliseconds)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, cancellation);
        }
        else if (step.Object("shm_create") is { } create)
        {
            SharedMemoryFile.Create(create.Text("key")!, Convert.FromBase64String(create.Text("data_b64") ?? ""), create.Number("size")!.Value);
        }
        else if (step.Text("shm_delete") is { } key)
        {
            SharedMemoryFile.Delete(key);
        }
        else if (step.Object("shm_read") is { } read)
        {
            var expected = step.Object("expect")!.Text("data_b64")!;
            var actual = Convert.ToBase64String(SharedMemoryFile.Read(read.Text("key")!, read.Number("offset") ?? 0, read.Number("size")!.Value));
            if (expected != actual)
            {
                found.Add(new Difference("shared memory", expected, actual));
            }
        }
        else if (step["parallel"] is List<object?> parallel)
        {
            return await RunTogetherAsync([.. parallel.Cast<JsonObject>()], step["counts_only"] is true, found);
        }
        else
        {
            var request = step.Object("request")!;
            if (request.Text("rpc") == "ModelStatistics" || request.Text("port") == "metrics" || request.Text("path")?.EndsWith("/stats", StringComparison.Ordinal) == true)
            {
                await Task.Delay(s_counterDelay, time, cancellation);
            }

            var answer = await SendAsync(request);
            found.AddRange(Compare(step, answer));
            return [answer];
        }

        return [];
    }

    /// <summary>The differences of an answer from what <paramref name="exchange"/> has recorded.</summary>
    public static List<Difference> Compare(JsonObject exchange, StepAnswer answer)
    {
        var (response, compare) = (exchange.Object("response")!, exchange.Object("compare")!);
        return answer.Rpc is not null ? RpcComparison.Compare(response, answer.Rpc, compare) : HttpComparison.Compare(response, answer.Http!, compare);
    }

    private async Task<StepAnswer> SendAsync(JsonObject request) => request.Has("rpc")
        ? new StepAnswer(null, await rpc.SendAsync(request, cancellation))
        : new StepAnswer(await HttpExchange.SendAsync(request.Text("port") == "metrics" ? metricsAddress : httpAddress, request, cancellation), null);

    private async Task<StepAnswer[]> RunTogetherAsync(JsonObject[] items, bool countsOnly, List<Difference> found)
    {
        if (items.Any(static item => item.Object("request")!.Has("rpc")))
        {
            await rpc.WarmUpAsync(cancellation);
        }

        var start = time.GetTimestamp();
        var answers = await Task.WhenAll(items.Select(item => Task.Run(async () =>
        {
            var left = TimeSpan.FromMilliseconds(item.Number("after_ms") ?? 0) - time.GetElapsedTime(start);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, time, cancellation);
            }

            return await SendAsync(item.Object("request")!);
        })));
        if (countsOnly)
        {
            var expected = Counts(items.Select(static item => item.Object("response")!).Select(static response => response.Text("code") ?? response.Number("status")!.Value.ToString(CultureInfo.InvariantCulture)));
            var actual = Counts(answers.Select(static answer => answer.Outcome));
            if (expected != actual)
            {
                found.Add(new Difference("outcomes", expected, actual));
            }

            return answers;
        }

        for (var i = 0; i < items.Length; i++)
        {
            found.AddRange(Compare(items[i], answers[i]).Select(difference => difference with { Where = $"#{i} {difference.Where}" }));
        }

        return answers;
    }

    private static string Counts(IEnumerable<string> outcomes) =>
        string.Join(", ", outcomes.GroupBy(static outcome => outcome).OrderBy(static group => group.Key, StringComparer.Ordinal).Select(static group => $"{group.Count()} x {group.Key}"));
}
