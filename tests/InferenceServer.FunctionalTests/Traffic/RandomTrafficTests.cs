using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using InferenceServer.Core.Inference;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Reliability;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>
/// Everything that the scheduler does, at once: rows, shapes, requested outputs, priorities, timeouts, failures, ensembles, sequences, answers that are kept and clients that leave, over the engine and both
/// protocols, with fewer executions at a time than there are instances. Each request has the answer that it would have had alone; none is lost, and none is run twice.
/// </summary>
public sealed class RandomTrafficTests(ITestOutputHelper output)
{
    private const int Callers = 64;

    /// <summary>One in so many clients leaves.</summary>
    private const int LeavesOneIn = 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryRequest_HasItsOwnAnswerAndNoOther()
    {
        using var folder = new TemporaryDirectory();
        TrafficRepository.Write(folder);
        await using var server = await RunningServer.StartAsync(folder.FullPath, flags: ["--cache-config=local,size=1048576", "--max-concurrent-executions=2"]);
        IAsk[] doors = [new AskOverEngine(server.Get<IInferenceEngine>()), new AskOverEngine(server.Get<IInferenceEngine>()), .. Encodings.All.Select(encoding => server.Over(encoding.Data))];
        var requests = Stress.IsLong ? 120_000 : 4_000;
        var seed = Random.Shared.Next();
        var tallies = new ConcurrentDictionary<string, TrafficTally>();
        var faults = new ConcurrentQueue<string>();
        var number = 0;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(seed + caller);
            var sequence = new TrafficSequence(caller, Callers);
            while (Interlocked.Increment(ref number) is var mine && mine <= requests && faults.IsEmpty)
            {
                var item = TrafficGenerator.Next(random, mine, sequence);
                var leaves = random.Next(LeavesOneIn) == 0;
                var answer = await AskAsync(doors[random.Next(doors.Length)], item.Question, leaves ? random.Next(0, 6) : null);
                if (item.Question.Parameters.ContainsKey("sequence_id"))
                {
                    sequence.Settle(item, answer);
                }

                if (tallies.GetOrAdd(item.Question.Model, static _ => new TrafficTally()).Judge(item, answer, leaves) is { } fault)
                {
                    faults.Enqueue($"request {mine} to '{item.Question.Model}', seed {seed}: {fault}");
                }
            }
        })));

        Assert.Empty(faults);
        Assert.Equal(requests, tallies.Values.Sum(static tally => tally.Sent));
        foreach (var (model, tally) in tallies)
        {
            var counts = await WaitForQuietAsync(server, model);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model}: {tally.Answered} answered, {tally.Excused} failed as they may, {tally.Left} left; the server counts {counts}"));

            // The server cannot have answered fewer than have their answers, and only those more whose clients had left.
            var isStep = model is TrafficRepository.Sums or TrafficRepository.Failing or TrafficRepository.Ordered;
            Assert.InRange(counts.Successes, tally.Answered, isStep ? long.MaxValue : tally.Answered + tally.Left);
            Assert.InRange(counts.Rows, model == TrafficRepository.Cached ? 1 : tally.AnsweredRows, isStep ? long.MaxValue : tally.AnsweredRows + tally.LeftRows);
        }

        // Otherwise little would be shown.
        Assert.True((await WaitForQuietAsync(server, TrafficRepository.Mixed)).Executions < tallies[TrafficRepository.Mixed].Answered, "nothing was ever batched");
        Assert.True(tallies[TrafficRepository.Rowed].Answered > 0 && tallies[TrafficRepository.Mingled].Answered > 0, "no sequence went on");
        Assert.True(tallies[TrafficRepository.Failing].Excused > 0, "nothing ever failed");
        Assert.True(tallies.Values.Sum(static tally => tally.Left) > 0, "nobody ever left");
        Assert.True((await WaitForQuietAsync(server, TrafficRepository.Cached)).Hits > 0, "nothing was ever answered from the cache");
    }

    /// <summary>The answer; null when the client left before there was one.</summary>
    private static async Task<Answer?> AskAsync(IAsk door, Question question, int? leavesAfter)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asked = door.AskAsync(question, leaving.Token);
        for (var i = leavesAfter; i >= 0; i--)
        {
            if (i == 0)
            {
                await leaving.CancelAsync();
            }

            await Task.Yield();
        }

        try
        {
            return await asked;
        }
        catch (OperationCanceledException) when (leavesAfter is not null)
        {
            return null;
        }
    }

    /// <summary>The counts of a model, once nothing waits or runs for it any more: those whose clients have left may do so for a moment.</summary>
    private static async Task<(long Successes, long Executions, long Rows, long Hits)> WaitForQuietAsync(RunningServer server, string model)
    {
        await ModelCounts.WaitForAsync(server, model, "an empty queue", static counts => counts.Pending == 0);
        using var document = JsonDocument.Parse(await server.Http.GetStringAsync($"/v2/models/{model}/stats", Token));
        var statistics = document.RootElement.GetProperty("model_stats")[0];
        return (
            statistics.GetProperty("inference_stats").GetProperty("success").GetProperty("count").GetInt64(),
            statistics.GetProperty("execution_count").GetInt64(),
            statistics.GetProperty("inference_count").GetInt64(),
            statistics.GetProperty("inference_stats").GetProperty("cache_hit").GetProperty("count").GetInt64());
    }
}
