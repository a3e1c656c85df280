using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Residency;

/// <summary>
/// Measures what a load takes, by what the process takes before it and after it. That says something only of a load beside which no other model came or
/// went, and of moments in which nobody uses a model, since a running request may take as much as the weights do: such moments are waited for, a little.
/// What cannot be measured is not known. A backend that knows better is believed.
/// </summary>
/// <param name="meter">What the process takes.</param>
/// <param name="catalog">What may be in use.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadMeasurement(IMemoryMeter meter, ModelCatalog catalog, TimeProvider time)
{
    private const int MaxTries = 20;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(2);

    private long _events;
    private int _running;

    /// <summary>Loads a version and measures what that takes.</summary>
    /// <param name="load">The load.</param>
    /// <param name="cancellationToken">Signalled when the load is to end.</param>
    public async Task<ModelLoadResult> MeasureAsync(Func<Task<ModelLoadResult>> load, CancellationToken cancellationToken)
    {
        var isAlone = Interlocked.Increment(ref _running) == 1;
        try
        {
            var number = Interlocked.Increment(ref _events);
            var before = isAlone ? await ReadAsync(cancellationToken).ConfigureAwait(false) : null;
            var result = await load().ConfigureAwait(false);
            if (result.Served is { } served)
            {
                var after = before is null ? null : await ReadAsync(CancellationToken.None).ConfigureAwait(false);
                var isUndisturbed = Interlocked.Increment(ref _events) == number + 1;
                served.MemoryBytes = served.ReportedMemory is { IsEmpty: false } reported ? reported.Sum(static memory => memory.Bytes)
                    : isUndisturbed && after is not null ? Math.Max(0, after.Value - before!.Value)
                    : null;
            }

            return result;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>Memory is about to be given back, or has been: no load that runs meanwhile can be measured.</summary>
    public void Disturb() => Interlocked.Increment(ref _events);

    /// <summary>What the process takes in a moment in which nobody uses a model; null when there was none.</summary>
    private async ValueTask<long?> ReadAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < MaxTries; i++)
        {
            if (IsQuiet())
            {
                var bytes = meter.Read();
                if (IsQuiet())
                {
                    return bytes;
                }
            }

            await Task.Delay(s_pause, time, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private bool IsQuiet()
    {
        foreach (var model in catalog.Current.Models)
        {
            foreach (var version in model.Ready)
            {
                if (version.IsInUse)
                {
                    return false;
                }
            }
        }

        return true;
    }
}
