using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>
/// The executions of one version by their batch sizes. Only the first execution of a size takes a lock and memory; every later one finds
/// its counters in a sorted array that is never changed, but replaced.
/// </summary>
internal sealed class BatchSizeTable
{
    /// <summary>
    /// How many different sizes are told apart. A model that runs more of them has its further executions counted, but not listed by size.
    /// </summary>
    public const int MaxSizes = 1024;

    private readonly Lock _lock = new();
    private volatile BatchSizeCounters[] _sizes = [];
    private long _unlistedExecutions;
    private long _unlistedRows;

    /// <summary>All executions.</summary>
    public long Executions
    {
        get
        {
            var sum = Interlocked.Read(ref _unlistedExecutions);
            foreach (var size in _sizes)
            {
                sum += size.Executions;
            }

            return sum;
        }
    }

    /// <summary>The rows of all executions.</summary>
    public long Rows
    {
        get
        {
            var sum = Interlocked.Read(ref _unlistedRows);
            foreach (var size in _sizes)
            {
                sum += size.Executions * size.Size;
            }

            return sum;
        }
    }

    public void Record(int rows, in ExecutionTimes times)
    {
        if ((Find(_sizes, rows) ?? Add(rows)) is { } counters)
        {
            counters.Record(times);
            return;
        }

        Interlocked.Increment(ref _unlistedExecutions);
        Interlocked.Add(ref _unlistedRows, rows);
    }

    /// <summary>The sizes that have been executed, ascending.</summary>
    /// <param name="executions">All executions: the sum of those that are given, and of those that are not listed.</param>
    /// <param name="rows">Their rows.</param>
    public ImmutableArray<BatchSizeReport> MakeReport(out long executions, out long rows)
    {
        executions = Interlocked.Read(ref _unlistedExecutions);
        rows = Interlocked.Read(ref _unlistedRows);
        ImmutableArray<BatchSizeReport> report = [.. _sizes.Select(static size => size.MakeReport())];
        foreach (var size in report)
        {
            executions += size.ComputeInfer.Count;
            rows += size.ComputeInfer.Count * size.BatchSize;
        }

        return report;
    }

    private static BatchSizeCounters? Find(BatchSizeCounters[] sizes, int rows)
    {
        var place = PlaceOf(sizes, rows);
        return place < sizes.Length && sizes[place].Size == rows ? sizes[place] : null;
    }

    /// <summary>Where the size stands, or would stand.</summary>
    private static int PlaceOf(BatchSizeCounters[] sizes, int rows)
    {
        var (low, high) = (0, sizes.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sizes[middle].Size < rows ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private BatchSizeCounters? Add(int rows)
    {
        lock (_lock)
        {
            var sizes = _sizes;
            if (Find(sizes, rows) is { } known)
            {
                return known;
            }

            if (sizes.Length == MaxSizes)
            {
                return null;
            }

            var place = PlaceOf(sizes, rows);
            var added = new BatchSizeCounters(rows);
            _sizes = [.. sizes.AsSpan(0, place), added, .. sizes.AsSpan(place)];
            return added;
        }
    }
}
