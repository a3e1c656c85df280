namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Durations, which files give in whole microseconds.</summary>
internal static class DurationField
{
    // TimeSpan counts in ticks of a tenth of a microsecond.
    private const ulong MaxMicroseconds = long.MaxValue / TimeSpan.TicksPerMicrosecond;

    public static void Check(RuleContext context, string path, ulong microseconds)
    {
        if (microseconds > MaxMicroseconds)
        {
            context.Error(path, FormattableString.Invariant($"{path.Split('.')[^1]} must be at most {MaxMicroseconds}, found {microseconds}"));
        }
    }

    /// <summary>The duration that a field which has been checked gives.</summary>
    public static TimeSpan Of(ulong microseconds) => TimeSpan.FromTicks((long)microseconds * TimeSpan.TicksPerMicrosecond);
}
