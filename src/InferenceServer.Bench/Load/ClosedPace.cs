namespace InferenceServer.Bench.Load;

/// <summary>The next request is due at once.</summary>
internal sealed class ClosedPace(LoadControl control, TimeProvider clock) : IPace
{
    public bool TryNext(out long due)
    {
        due = clock.GetTimestamp();
        return due < control.End && !control.GaveUp;
    }
}
