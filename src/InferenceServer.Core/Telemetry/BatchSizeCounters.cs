namespace InferenceServer.Core.Telemetry;

/// <summary>The counters of the executions of one batch size.</summary>
internal sealed class BatchSizeCounters(int size)
{
    private long _executions;
    private long _inputTicks;
    private long _inferTicks;
    private long _outputTicks;

    public int Size => size;

    public long Executions => Interlocked.Read(ref _executions);

    public void Record(in ExecutionTimes times)
    {
        Interlocked.Increment(ref _executions);
        Interlocked.Add(ref _inputTicks, times.Input.Ticks);
        Interlocked.Add(ref _inferTicks, times.Infer.Ticks);
        Interlocked.Add(ref _outputTicks, times.Output.Ticks);
    }

    public BatchSizeReport MakeReport()
    {
        var executions = Executions;
        return new BatchSizeReport(
            size,
            new CountedDuration(executions, new TimeSpan(Interlocked.Read(ref _inputTicks))),
            new CountedDuration(executions, new TimeSpan(Interlocked.Read(ref _inferTicks))),
            new CountedDuration(executions, new TimeSpan(Interlocked.Read(ref _outputTicks))));
    }
}
