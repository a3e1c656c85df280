using System.Diagnostics;
using System.Net;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>A model is replaced again and again while clients ask it at a steady rate.</summary>
public sealed class ReloadUnderLoadTests(ITestOutputHelper output)
{
    private const int Reloads = 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reloads_LoseNoRequestAndNoOldAnswerComesAfterTheLoad()
    {
        var rate = 200;
        var pause = TimeSpan.FromMilliseconds(Stress.IsLong ? 1000 : 100);
        using var repository = new TemporaryDirectory();
        repository.Write("m/1/model.onnx", ScaledModel.Of(1));
        await using var server = await RunningServer.StartAsync(repository.FullPath, flags: ["--model-control-mode=explicit", "--load-model=m"]);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);

        // The factor that a load call has returned for, which no later request may be answered below.
        var serving = 1;
        var answers = 0;
        var asking = AskAtRateAsync(server, rate, () => Volatile.Read(ref serving), () => Interlocked.Increment(ref answers), ending.Token);
        for (var factor = 2; factor <= Reloads + 1; factor++)
        {
            await Task.Delay(pause, Token);
            repository.Write("m/1/model.onnx", ScaledModel.Of(factor));
            var (status, body) = await server.PostAsync("/v2/repository/models/m/load", "");
            Assert.True(status == HttpStatusCode.OK, body);
            Volatile.Write(ref serving, factor);
        }

        await Task.Delay(pause, Token);
        await ending.CancelAsync();
        await asking;
        output.WriteLine($"{Reloads} reloads, {answers} answers, none lost");
        Assert.InRange(answers, Reloads, int.MaxValue);
    }

    /// <summary>Asks at a steady rate, whether earlier requests have been answered or not; every one must be, and by a model that served when it was sent or later.</summary>
    private static async Task AskAtRateAsync(RunningServer server, int rate, Func<int> serving, Action count, CancellationToken ending)
    {
        var asked = new List<Task>();
        var clock = Stopwatch.StartNew();
        while (!ending.IsCancellationRequested)
        {
            while (asked.Count < clock.Elapsed.TotalSeconds * rate)
            {
                asked.Add(AskAsync(server, serving, count));
            }

            await Task.Delay(2, CancellationToken.None);
        }

        await Task.WhenAll(asked);
    }

    private static async Task AskAsync(RunningServer server, Func<int> serving, Action count)
    {
        var least = serving();
        var answer = await ScaledModel.AskAsync(server, "m");
        Assert.InRange(answer, least, Reloads + 1);
        Assert.Equal(Math.Truncate(answer), answer);
        count();
    }
}
