using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.SharedMemory;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Load;

/// <summary>Runs points: opens the connections, warms up, measures, adds up.</summary>
/// <param name="clock">The time.</param>
/// <param name="statistics">What is asked for the server's own figures; null for none.</param>
/// <param name="progress">Told of each window and of the part of the measured time that is over.</param>
internal sealed class PointRunner(TimeProvider clock, IServerStatistics? statistics = null, IPointProgress? progress = null)
{
    // Workers are told of a new span one after the other; all know of it by then.
    private static readonly TimeSpan s_lead = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(200);

    public static Task<PointResult> RunAsync(LoadPoint point, CancellationToken cancellation) => new PointRunner(TimeProvider.System).MeasureAsync(point, cancellation);

    /// <summary>Runs one point.</summary>
    /// <param name="point">What to do.</param>
    /// <param name="cancellation">Ends it early; there is a result all the same once the measured time has begun.</param>
    /// <exception cref="BenchException">The server cannot be asked at all.</exception>
    /// <exception cref="OperationCanceledException">It was ended before the measured time had begun.</exception>
    public async Task<PointResult> MeasureAsync(LoadPoint point, CancellationToken cancellation)
    {
        if (point.Requests.Shared is not { } workload)
        {
            return await MeasureAsync(point, null, cancellation);
        }

        var (result, left) = await SharedMemoryLoad.WithAsync(
            new SharedTarget(point.Encoding, point.Server, point.Settings),
            workload,
            point.Load.MostInFlight,
            clock,
            memory => MeasureAsync(point with { Requests = point.Requests with { Slots = memory.Slots } }, memory, cancellation),
            cancellation);
        return left is null ? result : result with { ErrorKinds = [.. result.ErrorKinds, new ErrorCount(left.Kind, 1, left.Message)] };
    }

    private async Task<PointResult> MeasureAsync(LoadPoint point, SharedMemoryLoad? memory, CancellationToken cancellation)
    {
        var control = new LoadControl(clock);
        await using ILoadDriver driver = point.Encoding.IsHttp() ? new HttpDriver(point, control, clock) : new RpcDriver(point, control, clock);
        await OpenAsync(driver, point, memory, cancellation);
        var schedule = point.Load.Rate is null ? null : new ArrivalSchedule(clock.GetTimestamp() + Ticks(s_lead), clock.TimestampFrequency, point.Load);
        var running = driver.RunAsync(schedule);
        try
        {
            var (windows, early) = await WarmUpAsync(point, control, running, cancellation);
            return await MeasureAsync(point, memory, control, driver, schedule, running, early, cancellation) with
            {
                Windows = windows,
                WarmUpErrorKinds = early.Errors,
                IsStable = point.WarmUp.IsJudged ? point.WarmUp.IsStable(windows) : null,
            };
        }
        finally
        {
            control.EndAt(long.MinValue, long.MinValue);
            driver.Abort();
            await running;
        }
    }

    private static async Task OpenAsync(ILoadDriver driver, LoadPoint point, SharedMemoryLoad? memory, CancellationToken cancellation)
    {
        try
        {
            await driver.OpenAsync(cancellation);
            if (memory?.Compare() is [var difference, ..])
            {
                throw new RequestFailedException(difference);
            }
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            throw new BenchException($"{point.Encoding.Title()} to {point.Server} fails before the measurement: {failure}", e);
        }
    }

    /// <summary>Loads until it is stable or the windows are used up.</summary>
    private async Task<(IReadOnlyList<WindowFigures> Windows, TallyCounts All)> WarmUpAsync(LoadPoint point, LoadControl control, Task running, CancellationToken cancellation)
    {
        var windows = new List<WindowFigures>();
        var all = new TallyCounts();
        var begun = clock.GetTimestamp();
        while (point.WarmUp.Window > TimeSpan.Zero && windows.Count < point.WarmUp.MaxWindows && !running.IsCompleted && !(point.WarmUp.IsJudged && point.WarmUp.IsStable(windows)))
        {
            await WaitAsync(begun + Ticks(point.WarmUp.Window), cancellation);
            cancellation.ThrowIfCancellationRequested();
            var counts = control.Begin(MeasuredSpan.Always);
            var ended = clock.GetTimestamp();
            all.Add(counts);
            windows.Add(new WindowFigures(
                counts.Completed,
                counts.Failed,
                counts.Completed / clock.GetElapsedTime(begun, ended).TotalSeconds,
                new LatencyFigures(counts.Latencies).At(point.WarmUp.Percentile)));
            progress?.Warmed(windows.Count, point.WarmUp, windows[^1]);
            begun = ended;
        }

        return (windows, all);
    }

    private async Task<PointResult> MeasureAsync(LoadPoint point, SharedMemoryLoad? memory, LoadControl control, ILoadDriver driver, ArrivalSchedule? schedule, Task running, TallyCounts early, CancellationToken cancellation)
    {
        var before = statistics is null ? null : await statistics.ReadAsync(cancellation);
        var from = clock.GetTimestamp() + Ticks(s_lead);
        var to = from + Ticks(point.Measure);
        early.Add(control.Begin(new MeasuredSpan(from, to)));
        control.EndAt(to, to + Ticks(point.Settings.Timeout));
        await WaitAsync(from, cancellation);
        var processorBefore = Environment.CpuUsage.TotalTime;
        var isCutShort = await WatchAsync(from, to, control, running, cancellation);
        var processorTime = Environment.CpuUsage.TotalTime - processorBefore;
        if (isCutShort)
        {
            // What is in flight may still end; what waits for a connection need not.
            to = Math.Clamp(clock.GetTimestamp(), from + 1, to);
            control.EndAt(to, to);
        }

        var after = before is null ? null : await statistics!.ReadAsync(CancellationToken.None);
        var counts = await DrainAsync(point, control, driver, running, isCutShort);
        foreach (var difference in memory?.Compare() ?? [])
        {
            counts.AddError(difference);
        }

        schedule?.TakeRest(from);
        var rest = schedule?.TakeRest(control.End) ?? 0;
        if (rest > 0)
        {
            counts.AddError(new RequestFailure(RequestFailure.NotSent, "no connection was free before the end"), rest);
        }

        var seconds = (double)(to - from) / clock.TimestampFrequency;
        var used = driver.Connections;
        return new PointResult
        {
            Requests = counts.Completed,
            Seconds = seconds,
            Latency = new LatencyFigures(counts.Latencies),
            ClientCpuMicrosecondsPerRequest = counts.Completed > 0 ? processorTime.TotalMicroseconds / counts.Completed : 0,
            ClientCpuShare = processorTime.TotalSeconds / (seconds * Environment.ProcessorCount),
            ErrorKinds = counts.Errors,
            Rows = point.Requests.Rows,
            SentBytesPerSecond = counts.BytesSent / seconds,
            ReceivedBytesPerSecond = counts.BytesReceived / seconds,
            Connections = used,
            Reconnects = counts.Reconnects,
            Late = counts.Late,
            Starved = counts.Starved,
            Lag = counts.Lags is { } lags ? new LatencyFigures(lags) : null,
            IsDistorted = schedule is not null && used >= point.Load.MaxConnections && (counts.Starved + rest) > PointResult.DistortedShare * (counts.Latencies.TotalCount + counts.Failed),
            FirstResponse = counts.FirstResponses is { } first ? new LatencyFigures(first) : null,
            Gap = counts.Gaps is { } gaps ? new LatencyFigures(gaps) : null,
            ResponsesPerRequest = counts.FirstResponses is { TotalCount: > 0 } all ? (double)counts.Responses / all.TotalCount : 1,
            IsCutShort = isCutShort,
            Server = ServerFigures.Between(before, after),
        };
    }

    /// <summary>Waits for the end of the measured time, and says now and then how much of it is over.</summary>
    /// <returns>Whether it was ended early.</returns>
    private async Task<bool> WatchAsync(long from, long to, LoadControl control, Task running, CancellationToken cancellation)
    {
        for (var now = from; now < to && !running.IsFaulted && !control.GaveUp && !cancellation.IsCancellationRequested; now = clock.GetTimestamp())
        {
            progress?.Measured((double)(now - from) / (to - from));
            await WaitAsync(Math.Min(to, now + Ticks(s_tick)), cancellation);
        }

        return clock.GetTimestamp() < to;
    }

    /// <summary>Waits for the answers to what was sent in time, ends what takes too long, and adds up.</summary>
    private async Task<TallyCounts> DrainAsync(LoadPoint point, LoadControl control, ILoadDriver driver, Task running, bool isCutShort)
    {
        // Each may take its time limit from when it is sent, and the last is sent one time limit after the end.
        var limit = isCutShort ? s_tick * 5 : (2 * point.Settings.Timeout) + s_tick;
        await Task.WhenAny(running, Task.Delay(limit, clock));

        // What is broken off because the run is ended early is no failure of the server.
        var counts = isCutShort ? control.Begin(MeasuredSpan.Always) : null;
        if (!running.IsCompleted)
        {
            control.BreakOff();
            driver.Abort();
        }

        await running;
        return counts ?? control.Begin(MeasuredSpan.Always);
    }

    private async Task WaitAsync(long timestamp, CancellationToken cancellation)
    {
        var left = clock.GetElapsedTime(clock.GetTimestamp(), timestamp);
        if (left > TimeSpan.Zero)
        {
            // Whoever asks looks at the cancellation himself.
            await Task.WhenAny(Task.Delay(left, clock, cancellation));
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);
}
