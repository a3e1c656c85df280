using System.Diagnostics;
using HdrHistogram;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>
/// What one worker saw. A request counts for the rate when its answer ended inside the window, and for the latencies when it was sent inside
/// the window, even if its answer came after: leaving the last, perhaps slowest, answers out would flatter the tail.
/// </summary>
internal sealed class WorkerTally(LoadWindow window)
{
    private const int ErrorsInARowBeforeGivingUp = 10;

    private int _errorsInARow;

    /// <summary>Latencies in units of 100 ns.</summary>
    public LongHistogram Latencies { get; } = NewHistogram();

    public long Completed { get; private set; }

    public long Errors { get; private set; }

    public string? FirstError { get; private set; }

    /// <summary>True when the server only fails: going on would measure how fast it can fail.</summary>
    public bool GaveUp => _errorsInARow >= ErrorsInARowBeforeGivingUp;

    /// <summary>Ten minutes at the longest, three significant digits.</summary>
    public static LongHistogram NewHistogram() => new(1, TimeSpan.TicksPerMinute * 10, 3);

    public void Success(long begun, long ended)
    {
        _errorsInARow = 0;
        if (ended >= window.From && ended <= window.To)
        {
            Completed++;
        }

        if (begun >= window.From)
        {
            Latencies.RecordValue(Math.Clamp(Stopwatch.GetElapsedTime(begun, ended).Ticks, 1, TimeSpan.TicksPerMinute * 10));
        }
    }

    public void Failure(string message)
    {
        Errors++;
        _errorsInARow++;
        FirstError ??= message;
    }
}
