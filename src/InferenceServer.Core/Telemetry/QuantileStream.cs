using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>
/// Estimates a few quantiles of a stream of values in little memory: it keeps only the samples that the wanted errors need (Cormode,
/// Korn, Muthukrishnan and Srivastava: Effective Computation of Biased Quantiles over Data Streams, 2005). Not thread safe.
/// </summary>
internal sealed class QuantileStream(ImmutableArray<QuantileTarget> targets)
{
    private const int BufferLength = 128;

    // Values wait here until enough are there to be worth a pass over the samples.
    private readonly double[] _buffer = new double[BufferLength];
    private List<Sample> _samples = [];
    private List<Sample> _merged = [];
    private int _buffered;
    private long _count;

    /// <summary>How many samples are kept, for tests of the memory that it takes.</summary>
    public int Samples => _samples.Count;

    public void Add(double value)
    {
        _buffer[_buffered++] = value;
        if (_buffered == BufferLength)
        {
            Flush();
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _buffered = 0;
        _samples.Clear();
        _count = 0;
    }

    /// <summary>The estimate of a quantile; NaN while there is no value.</summary>
    public double Estimate(double quantile)
    {
        Flush();
        if (_samples.Count == 0)
        {
            return double.NaN;
        }

        var rank = quantile * _count;
        rank += Slack(rank, rank) / 2;
        var before = 0L;
        for (var i = 1; i < _samples.Count; i++)
        {
            before += _samples[i - 1].Width;
            if (before + _samples[i].Width + _samples[i].Uncertainty > rank)
            {
                return _samples[i - 1].Value;
            }
        }

        return _samples[^1].Value;
    }

    private void Flush()
    {
        if (_buffered == 0)
        {
            return;
        }

        var values = _buffer.AsSpan(0, _buffered);
        values.Sort();
        Merge(values);
        Compress();
        _buffered = 0;
    }

    private void Merge(ReadOnlySpan<double> values)
    {
        _merged.Clear();
        var next = 0;
        foreach (var value in values)
        {
            for (; next < _samples.Count && _samples[next].Value <= value; next++)
            {
                _merged.Add(_samples[next]);
            }

            // It may stand anywhere among the values that the next sample stands for; the smallest and the largest are known exactly.
            var isInside = next < _samples.Count && _merged.Count > 0;
            _merged.Add(new Sample(value, 1, isInside ? _samples[next].Width + _samples[next].Uncertainty - 1 : 0));
            _count++;
        }

        for (; next < _samples.Count; next++)
        {
            _merged.Add(_samples[next]);
        }

        (_samples, _merged) = (_merged, _samples);
    }

    private void Compress()
    {
        // From the largest down: a sample is taken into its right neighbour as long as that one's ranks stay certain enough.
        _merged.Clear();
        var right = _samples[^1];
        var rank = _count - right.Width;
        for (var i = _samples.Count - 2; i >= 0; i--)
        {
            var sample = _samples[i];
            rank -= sample.Width;

            // The smallest stays as it is.
            var span = sample.Width + right.Width + right.Uncertainty;
            if (i > 0 && span <= Slack(rank, rank + span))
            {
                right = right with { Width = right.Width + sample.Width };
                continue;
            }

            _merged.Add(right);
            right = sample;
        }

        _merged.Add(right);
        _merged.Reverse();
        (_samples, _merged) = (_merged, _samples);
    }

    /// <summary>
    /// How many ranks a sample may stand for without spoiling any of the quantiles. The paper asks at the first of the ranks alone, which
    /// lets a sample below a quantile reach too far across it.
    /// </summary>
    /// <param name="low">The first of the ranks.</param>
    /// <param name="high">The last of them.</param>
    private double Slack(double low, double high)
    {
        var slack = double.PositiveInfinity;
        foreach (var target in targets)
        {
            var wanted = target.Quantile * _count;
            var own = high < wanted ? (_count - high) / (1 - target.Quantile)
                : low > wanted ? low / target.Quantile
                : _count;
            slack = Math.Min(slack, 2 * target.Error * own);
        }

        return slack;
    }

    private readonly record struct Sample(double Value, long Width, long Uncertainty);
}
