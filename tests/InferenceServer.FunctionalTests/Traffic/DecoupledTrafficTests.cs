using System.Collections.Concurrent;
using System.Globalization;
using InferenceServer.Core.Inference;
using InferenceServer.FunctionalTests.Reliability;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>
/// Random requests to models that answer any number of times, over the engine, streams of gRPC with several requests on each, and server-sent events. Models fail in the midst
/// of their responses, an ensemble hands them on, clients leave. Each response is that of its own request, in its place; none is lost, doubled or another's, and the end is told once.
/// </summary>
public sealed class DecoupledTrafficTests(ITestOutputHelper output)
{
    private const int Callers = 24;

    /// <summary>The most requests that a client sends at once.</summary>
    private const int AtOnce = 8;

    /// <summary>One in so many clients leaves.</summary>
    private const int LeavesOneIn = 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryResponse_IsThatOfItsRequestAndInItsPlace()
    {
        using var folder = new TemporaryDirectory();
        DecoupledRepository.Write(folder);
        await using var server = await RunningServer.StartAsync(folder.FullPath, flags: ["--max-concurrent-executions=2", "--grpc-max-response-pool-size=64"]);
        IDecoupledDoor[] doors = [new DecoupledOverEngine(server.Get<IInferenceEngine>()), new DecoupledOverRpc(server.Rpc), new DecoupledOverRpc(server.Rpc), new DecoupledOverEvents(server.Http)];
        var requests = Stress.IsLong ? 60_000 : 2_000;
        var seed = Random.Shared.Next();
        var results = new ConcurrentBag<(DecoupledItem Item, DecoupledAnswer Answer)>();
        var faults = new ConcurrentQueue<string>();
        var number = 0;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random(seed + caller);
            while (faults.IsEmpty)
            {
                var count = random.Next(1, AtOnce + 1);
                var last = Interlocked.Add(ref number, count);
                if (last > requests + AtOnce)
                {
                    return;
                }

                DecoupledItem[] items = [.. Enumerable.Range(last - count + 1, count).Select(mine => DecoupledItem.Next(random, mine))];
                var door = doors[random.Next(doors.Length)];
                var answers = await door.AskAsync(items, random.Next(LeavesOneIn) == 0 ? random.Next(0, 20) : null, Token);
                foreach (var (item, answer) in items.Zip(answers))
                {
                    results.Add((item, answer));
                    if (answer.Judge(item, door.TellsFinal) is { } fault)
                    {
                        faults.Enqueue($"request {item.Id} to '{item.Model}' over {door.GetType().Name}, seed {seed}: {fault}");
                    }
                }
            }
        })));

        foreach (var fault in faults)
        {
            // What follows when a server that is at fault is stopped would hide it.
            output.WriteLine(fault);
        }

        Assert.Empty(faults);
        Assert.InRange(results.Count, requests - AtOnce, requests + AtOnce);
        foreach (var group in results.GroupBy(static result => result.Item.Model).OrderBy(static group => group.Key, StringComparer.Ordinal))
        {
            var whole = group.Count(static result => !result.Answer.HasLeft && result.Answer.Error is null);
            var left = group.Count(static result => result.Answer.HasLeft);
            var counts = await ModelCounts.WaitForAsync(server, group.Key, "an empty queue and the counts of all answers", counts => counts.Pending == 0 && counts.Successes >= whole);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{group.Key}: {whole} requests answered whole, {group.Count() - whole - left} failed as they may, {left} left; {group.Sum(static result => result.Answer.Count)} responses; the server counts {counts}"));

            // Not more than were asked, and the ensembles ask this one as well.
            Assert.InRange(counts.Successes, whole, group.Key == DecoupledRepository.Repeated ? long.MaxValue : whole + left);
        }

        // Otherwise little would be shown.
        Assert.Contains(results, static result => result.Answer is { HasEnded: true, Error: null } && result.Item.Expected.Count == 0);
        Assert.Contains(results, static result => result.Item.Fails is not null && result.Answer.Error is not null);
        Assert.Contains(results, static result => result.Item.Model == DecoupledRepository.Wavering && result.Answer is { Error: not null, Count: > 0 });
        Assert.Contains(results, static result => result.Answer is { HasLeft: true, Count: > 0 } && result.Answer.Count < result.Item.Expected.Count);
        Assert.Contains(results, static result => result.Answer is { HasEnded: true, Count: > 200 });
    }
}
