using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Caching;

/// <summary>Random traffic of few keys over a cache that holds fewer: clients that go, deadlines that pass, a model that fails, answers that are evicted.</summary>
public sealed class SingleFlightRaceTests
{
    private const int Workers = 6;
    private const int RequestsPerWorker = 1500;
    private const int Keys = 8;

    /// <summary>What the model makes of requests of this value and those above: a failure.</summary>
    private const int Bad = 6;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task RandomTraffic_EachRequestGetsItsOwnAnswerExactlyOnce(bool isShared, bool isBatching)
    {
        // Good requests fail with the bad ones of their batch: where there are batches, all are good.
        var size = isBatching ? 8 : 0;
        long[] dims = isBatching ? [4] : [-1, 4];
        var store = new ScriptedStore { AnswersLater = true };
        await using var stored = new StoredResponseCache(store, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using var model = new ServedModelFixture(
            [ServedModelFixture.Tensor("X", TensorDataType.Fp32, size, dims)], [ServedModelFixture.Tensor("Y", TensorDataType.Fp32, size, dims)], size, lanes: 3, cache: isShared ? stored : new LocalResponseCache(3000), maxWaiting: 20);
        model.Backend.Execute = static batch =>
        {
            foreach (var value in TestTensor.Read<float>(batch.Inputs[0]))
            {
                if (value >= Bad)
                {
                    throw new BackendException("bad");
                }
            }

            FakeBackend.EchoFirst(batch);
        };
        var counts = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => WorkAsync(model, worker, isBatching ? Bad : Keys))));

        var total = counts.Aggregate(static (left, right) => (left.Good + right.Good, left.Failed + right.Failed, left.Gone + right.Gone));
        Assert.Equal(Workers * RequestsPerWorker, total.Good + total.Failed + total.Gone);
        await Waiting.UntilAsync(() => model.Served.Cache!.Flights == 0);
        Assert.Equal((0, 0), (model.Served.Cache!.WaitingRequests, model.Scheduler.ReadLoad().Requests));
        var report = model.Statistics.MakeReport("m", 1);
        Assert.Equal(total.Good, report.Success.Count);
        Assert.InRange(report.CacheHit.Count, 1, report.Success.Count - 1);
        Assert.Equal(total.Failed, model.Statistics.Failures(FailureReason.Backend));
        Assert.InRange(report.CacheMiss.Count, 1, report.Success.Count - report.CacheHit.Count);
    }

    private static async Task<(int Good, int Failed, int Gone)> WorkAsync(ServedModelFixture model, int worker, int keys)
    {
        var random = new Random(worker);
        var (good, failed, gone) = (0, 0, 0);
        for (var i = 0; i < RequestsPerWorker; i += 5)
        {
            // Several of one client at once, so that they meet whatever the threads do.
            var value = random.Next(keys);
            using var client = new CancellationTokenSource();
            var sent = Enumerable.Range(0, 5).Select(number =>
            {
                var request = model.Rows(random.Next(1, 3), value, $"{worker}-{i}-{number}");
                if (random.Next(10) == 0)
                {
                    request.Deadline = DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(random.Next(3));
                }

                return (Id: request.Id, Rows: request.Inputs[0].Shape[0], Task: model.Engine.InferAsync(request, random.Next(4) == 0 ? client.Token : CancellationToken.None).AsTask());
            }).ToArray();
            if (random.Next(2) == 0)
            {
                await client.CancelAsync();
            }

            foreach (var (id, rows, task) in sent)
            {
                var outcome = await task.WaitAsync(TestTimeouts.Phase);
                if (outcome.Response is { } response)
                {
                    good++;
                    Assert.Equal((id, rows), (response.Id, response.Outputs[0].Shape[0]));
                    Assert.All(TestTensor.Read<float>(response.Outputs[0]), got => Assert.Equal(value, got));
                    response.Dispose();
                }
                else if (outcome.Error!.Code is ErrorCode.Cancelled or ErrorCode.DeadlineExceeded)
                {
                    gone++;
                }
                else
                {
                    failed++;
                    Assert.InRange(value, Bad, Keys);
                    Assert.Equal($"[request id: {id}] bad", outcome.Error.Message);
                }
            }
        }

        return (good, failed, gone);
    }
}
