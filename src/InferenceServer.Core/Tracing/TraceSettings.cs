namespace InferenceServer.Core.Tracing;

/// <summary>How requests are traced, with nothing left open.</summary>
/// <param name="Levels">What is traced.</param>
/// <param name="Rate">One request in so many is traced.</param>
/// <param name="Count">How many requests are still to be traced; -1 for without end.</param>
/// <param name="LogFrequency">How many traces a numbered file takes; 0 for all in the one file.</param>
public sealed record TraceSettings(TraceLevels Levels, long Rate, long Count, long LogFrequency)
{
    /// <summary>The count that never ends.</summary>
    public const long Endless = -1;

    /// <summary>The settings of a server that is told nothing.</summary>
    public static TraceSettings Default { get; } = new(TraceLevels.Off, 1000, Endless, 0);

    /// <summary>The part of the requests that are traced, from 0 to 1, where it is not one in so many; null where <see cref="Rate"/> says it.</summary>
    public double? Share { get; init; }

    /// <summary>Why nothing can be traced by these settings though they ask for it; null when they can be followed.</summary>
    /// <param name="options">Where traces can go.</param>
    public string? FindProblem(TraceOptions options) =>
        Levels == TraceLevels.Off ? null
        : Rate == 0 && Share is null && options.Spans is null ? "the trace rate is 0, expected at least 1"
        : !options.HasDestination ? "there is no file for the traces, expected the server to be started with --trace-config=triton,file=<path>"
        : null;
}
