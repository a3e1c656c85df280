using System.Collections.Concurrent;
using System.Diagnostics;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>Asks one model one question, as fast as it answers or at a rate that does not care.</summary>
internal sealed class OverloadClient(IOverloadDoor door)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Callers that each ask again when they have been answered, once at least; every answer must be there. Answers a second.</summary>
    public async Task<double> AskInTurnAsync(int callers, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var answers = 0;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            do
            {
                var outcome = await AskAsync(null);
                Assert.True(outcome.End == OverloadEnd.Answered, $"{outcome}");
                Interlocked.Increment(ref answers);
            }
            while (clock.Elapsed < duration);
        }));
        return answers / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Sends at a rate, whether earlier requests have been answered or not.</summary>
    /// <returns>What became of each request, how many were sent in a second, and when the last had been sent, as a timestamp.</returns>
    public async Task<(IReadOnlyCollection<OverloadOutcome> Outcomes, double Rate, long End)> AskAtRateAsync(double rate, TimeSpan duration, TimeSpan deadline)
    {
        var outcomes = new ConcurrentBag<OverloadOutcome>();
        var open = 0;
        var sent = 0;
        var allAnswered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var clock = Stopwatch.StartNew();
        Interlocked.Increment(ref open);
        while (clock.Elapsed < duration)
        {
            for (var due = clock.Elapsed.TotalSeconds * rate; sent < due; sent++)
            {
                Interlocked.Increment(ref open);
                _ = Task.Run(OneAsync, CancellationToken.None);
            }

            await Task.Delay(1, Token);
        }

        var (end, seconds) = (Stopwatch.GetTimestamp(), clock.Elapsed.TotalSeconds);
        CountDown();
        await allAnswered.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        return (outcomes, sent / seconds, end);

        async Task OneAsync()
        {
            try
            {
                outcomes.Add(await AskAsync(deadline));
            }
            finally
            {
                CountDown();
            }
        }

        void CountDown()
        {
            if (Interlocked.Decrement(ref open) == 0)
            {
                allAnswered.TrySetResult();
            }
        }
    }

    private async Task<OverloadOutcome> AskAsync(TimeSpan? deadline)
    {
        var started = Stopwatch.GetTimestamp();
        var (end, status) = await door.AskAsync(deadline);
        var ended = Stopwatch.GetTimestamp();
        return new OverloadOutcome(end, status, Stopwatch.GetElapsedTime(started, ended).TotalMilliseconds, ended);
    }
}
