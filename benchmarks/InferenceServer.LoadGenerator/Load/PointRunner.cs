using System.Diagnostics;
using System.Net.Sockets;
using Grpc.Core;
using InferenceServer.LoadGenerator.Http;
using InferenceServer.LoadGenerator.Requests;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>Runs one point: opens the connections, warms up, measures, adds up.</summary>
internal static class PointRunner
{
    public static async Task<PointResult> RunAsync(LoadPoint point, CancellationToken cancellation)
    {
        var workers = new List<ILoadWorker>();
        try
        {
            for (var i = 0; i < point.Connections; i++)
            {
                workers.Add(point.Encoding == WireEncoding.Grpc ? new RpcLoadWorker(point) : new HttpLoadWorker(point));
                await OpenAsync(workers[i], point, cancellation);
            }

            var window = LoadWindow.StartingNow(point.WarmUp, point.Measure);
            var tallies = workers.ConvertAll(_ => new WorkerTally(window));
            var running = Task.WhenAll(workers.Select((worker, i) => worker.RunAsync(window, tallies[i], cancellation)));
            var processorTime = await ProcessorTimeWithinAsync(window, running);
            await running;
            cancellation.ThrowIfCancellationRequested();
            return Sum(tallies, point.Measure, processorTime);
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }

    private static async Task OpenAsync(ILoadWorker worker, LoadPoint point, CancellationToken cancellation)
    {
        try
        {
            await worker.OpenAsync(cancellation);
        }
        catch (Exception e) when (e is SocketException or BadResponseException or RpcException or InvalidDataException)
        {
            throw new LoadGeneratorException($"{point.Encoding} to {point.Server} fails before the measurement: {e.Message}", e);
        }
    }

    /// <summary>The processor time this process used inside the window; less when all workers gave up early.</summary>
    private static async Task<TimeSpan> ProcessorTimeWithinAsync(LoadWindow window, Task running)
    {
        await WaitUntilAsync(window.From, running);
        var before = ProcessorTime();
        await WaitUntilAsync(window.To, running);
        return ProcessorTime() - before;
    }

    private static Task WaitUntilAsync(long timestamp, Task running)
    {
        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), timestamp);
        return left > TimeSpan.Zero ? Task.WhenAny(Task.Delay(left), running) : Task.CompletedTask;
    }

    private static TimeSpan ProcessorTime() => Environment.CpuUsage.TotalTime;

    private static PointResult Sum(List<WorkerTally> tallies, TimeSpan measured, TimeSpan processorTime)
    {
        var all = WorkerTally.NewHistogram();
        foreach (var tally in tallies)
        {
            all.Add(tally.Latencies);
        }

        var requests = tallies.Sum(t => t.Completed);
        return new PointResult(
            requests,
            measured.TotalSeconds,
            Milliseconds(all.GetValueAtPercentile(50)),
            Milliseconds(all.GetValueAtPercentile(90)),
            Milliseconds(all.GetValueAtPercentile(99)),
            Milliseconds(all.GetValueAtPercentile(100)),
            requests > 0 ? processorTime.TotalMicroseconds / requests : 0,
            tallies.Sum(t => t.Errors),
            tallies.Select(t => t.FirstError).FirstOrDefault(e => e is not null));
    }

    private static double Milliseconds(long ticks) => TimeSpan.FromTicks(ticks).TotalMilliseconds;
}
