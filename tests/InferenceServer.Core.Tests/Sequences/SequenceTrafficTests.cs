using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using Xunit;
using static InferenceServer.Core.Tests.Sequences.SequenceFixture;

namespace InferenceServer.Core.Tests.Sequences;

/// <summary>Many clients at once, each with a sequence of its own at a time, who go away, fail, restart and send without waiting: every answer is what the sequence alone would have got.</summary>
public sealed class SequenceTrafficTests
{
    private const int Clients = 12;
    private const int Failing = int.MaxValue;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static bool IsLong => Environment.GetEnvironmentVariable("INFERENCE_SERVER_STRESS") == "1";

    [Theory]
    [InlineData(true, 3, 2)]
    [InlineData(true, 1, 1)]
    [InlineData(false, 3, 2)]
    [InlineData(false, 8, 1)]
    public async Task EveryAnswer_IsThatOfTheSequenceAlone(bool isDirect, int slots, int lanes)
    {
        await using var model = new SequenceFixture(
            isDirect ? Direct(slots) : Oldest(slots), maxBatchSize: Math.Max(slots, 3), lanes: lanes, options: new SchedulerOptions { MaxQueueSize = 64 });
        model.Backend.Execute = batch =>
        {
            // Some inputs make the execution fail that they are part of.
            if (Array.Exists(Read<int>(batch, "IN"), static value => value == Failing))
            {
                throw new BackendException(ErrorCode.InvalidArgument, "this value fails");
            }

            model.Add(batch);
        };
        var requests = (IsLong ? 100_000 : 2_000) / Clients;
        var counts = await Task.WhenAll(Enumerable.Range(1, Clients).Select(client => Task.Run(() => RunAsync(model, client, requests), Token)));
        var answered = counts.Sum(static count => count.Answered);
        Assert.Equal(answered, model.Statistics.Successes);
        Assert.True(answered > requests * Clients / 3, $"{answered} of {requests * Clients} were answered");
        Assert.Equal(0, model.Scheduler.ReadLoad().Requests);
        Assert.Equal(model.Statistics.Refusals(RefusalReason.Invalid) + model.Statistics.Refusals(RefusalReason.NoCapacity)
            + model.Statistics.Failures(FailureReason.Cancelled) + model.Statistics.Failures(FailureReason.Backend) + model.Statistics.Failures(FailureReason.Rejected),
            counts.Sum(static count => count.Refused));
    }

    private static async Task<(int Answered, int Refused)> RunAsync(SequenceFixture model, int id, int requests)
    {
        var random = new Random(id);
        var client = new SequenceClient(model, id);
        while (client.Sent < requests)
        {
            var length = random.Next(1, 12);
            for (var step = 0; step < length; step++)
            {
                var (isStart, isEnd) = (!client.IsAlive || random.Next(30) == 0, step == length - 1);
                switch (random.Next(24))
                {
                    case < 6:
                        // Several at once, in order, without waiting for the answers.
                        await client.SendAsync([.. Enumerable.Range(0, 3).Select(_ => random.Next(1000))], isStart, isEnd);
                        break;
                    case 6:
                        await client.GoAwayAsync(random.Next(1000), isStart);
                        break;
                    case 7:
                        await client.SendAsync([Failing], isStart, isEnd);
                        break;
                    default:
                        await client.SendAsync([random.Next(1000)], isStart, isEnd);
                        break;
                }
            }

            if (client.IsAlive)
            {
                await client.SendAsync([0], isStart: false, isEnd: true);
            }
        }

        return (client.Answered, client.Refused);
    }
}
