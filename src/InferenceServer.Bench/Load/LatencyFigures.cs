using HdrHistogram;

namespace InferenceServer.Bench.Load;

/// <summary>How times are distributed. All in milliseconds.</summary>
internal sealed class LatencyFigures
{
    private readonly LongHistogram _histogram;

    public LatencyFigures(LongHistogram histogram)
    {
        _histogram = histogram;
        (Count, Mean) = (histogram.TotalCount, histogram.TotalCount == 0 ? 0 : histogram.GetMean() / TimeSpan.TicksPerMillisecond);
    }

    public long Count { get; }

    public double Mean { get; }

    public double Max => At(100);

    /// <summary>The time that a part of the requests, in percent, did not exceed; 0 when there were none.</summary>
    public double At(double percentile) => Count == 0 ? 0 : (double)_histogram.GetValueAtPercentile(percentile) / TimeSpan.TicksPerMillisecond;

    /// <summary>The whole distribution: percentiles ever closer to 100, five to each halving of the rest, and their times.</summary>
    public IReadOnlyList<(double Percentile, double Milliseconds)> Distribution()
    {
        var points = new List<(double, double)>();
        if (Count == 0)
        {
            return points;
        }

        const int StepsAHalving = 5;
        for (var step = 0; ; step++)
        {
            var rest = Math.Pow(0.5, (double)step / StepsAHalving);
            var percentile = 100 * (1 - rest);
            points.Add((percentile, At(percentile)));

            // Behind the last but one request there is the largest time alone.
            if (rest * Count < 1)
            {
                points.Add((100, Max));
                return points;
            }
        }
    }
}
