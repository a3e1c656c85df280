using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Residency;

/// <summary>
/// Measures what a load takes, by what the process takes before it and after it. That says something only of a load beside which no other model came or
/// went; what requests take meanwhile is counted with it. A backend that knows better is believed.
/// </summary>
internal sealed class LoadMeasurement(IMemoryMeter meter)
{
    private long _events;
    private int _running;

    /// <summary>A load begins.</summary>
    public LoadMark Begin()
    {
        var isAlone = Interlocked.Increment(ref _running) == 1;
        var number = Interlocked.Increment(ref _events);
        return new LoadMark(isAlone ? number : -1, meter.Read());
    }

    /// <summary>The load has ended.</summary>
    public void End(LoadMark mark, ServedModel? served)
    {
        var bytes = meter.Read() - mark.Bytes;
        var isUndisturbed = mark.Event > 0 && Interlocked.Increment(ref _events) == mark.Event + 1;
        Interlocked.Decrement(ref _running);
        if (served is not null)
        {
            served.MemoryBytes = served.ReportedMemory is { IsEmpty: false } reported ? reported.Sum(static memory => memory.Bytes)
                : isUndisturbed ? Math.Max(0, bytes)
                : null;
        }
    }

    /// <summary>Memory is being given back: no load that runs meanwhile can be measured.</summary>
    public void Disturb() => Interlocked.Increment(ref _events);
}
