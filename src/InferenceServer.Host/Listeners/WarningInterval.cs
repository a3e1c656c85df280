namespace InferenceServer.Host.Listeners;

/// <summary>What happens again and again is told about at once, and then so often at most.</summary>
/// <param name="time">The time.</param>
internal sealed class WarningInterval(TimeProvider time)
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    private long _last = time.GetTimestamp() - (long)(Length.TotalSeconds * time.TimestampFrequency);

    /// <summary>True for one of those who ask when it is time again. For any number of threads.</summary>
    public bool IsOver()
    {
        var last = Interlocked.Read(ref _last);
        return time.GetElapsedTime(last) >= Length && Interlocked.CompareExchange(ref _last, time.GetTimestamp(), last) == last;
    }
}
