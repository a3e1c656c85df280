namespace InferenceServer.Core.Observation;

/// <summary>Which requests get a line in the log.</summary>
public sealed record RequestLogOptions
{
    /// <summary>The part of the requests that succeed which get a line, from 0 to 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>True when requests that fail get a line whatever <see cref="Share"/> says.</summary>
    public bool LogsFailures { get; init; } = true;

    /// <summary>The most lines of a second, for good requests and for failed ones each; how many were left out is told in the next line.</summary>
    public int LinesPerSecond { get; init; } = 100;
}
