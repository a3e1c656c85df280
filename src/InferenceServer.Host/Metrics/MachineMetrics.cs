using System.IO.Abstractions;

namespace InferenceServer.Host.Metrics;

/// <summary>
/// Shows the load of the machine on Linux. Nothing is read between scrapes, and at a scrape only when the last reading is old enough: the
/// utilization is that of the time between the two readings, at least one interval, at most from one scrape to the next.
/// </summary>
internal sealed class MachineMetrics : IMetricsSource
{
    private const string StatFile = "/proc/stat";
    private const string MemoryFile = "/proc/meminfo";

    private readonly Lock _lock = new();
    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private long _readAt;
    private ProcessorTimes? _times;
    private MachineMemory? _memory;
    private double _utilization;

    public MachineMetrics(IFileSystem files, TimeProvider time, TimeSpan interval)
    {
        _files = files;
        _time = time;
        _interval = interval;
        Read();
    }

    public IEnumerable<Action<MetricsText>> Sections() => [Write];

    /// <summary>Writes what could be read; the families of what could not are left out.</summary>
    public void Write(MetricsText text)
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_readAt) >= _interval)
            {
                Read();
            }

            if (_times is not null)
            {
                text.Single("nv_cpu_utilization", MetricType.Gauge, "The share of the time that the machine's processors were busy, from 0 to 1.", _utilization);
            }

            if (_memory is { } memory)
            {
                text.Single("nv_cpu_memory_total_bytes", MetricType.Gauge, "The machine's memory, in bytes.", memory.TotalBytes);
                text.Single("nv_cpu_memory_used_bytes", MetricType.Gauge, "The machine's memory that is in use, in bytes.", memory.UsedBytes);
            }
        }
    }

    private void Read()
    {
        _readAt = _time.GetTimestamp();
        if (ProcessorTimes.TryParse(ReadFile(StatFile), out var times))
        {
            _utilization = _times is { } earlier ? times.BusySince(earlier) : 0;
            _times = times;
        }

        if (MachineMemory.TryParse(ReadFile(MemoryFile), out var memory))
        {
            _memory = memory;
        }
    }

    private string ReadFile(string path)
    {
        try
        {
            return _files.File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A sandbox may hide these files; then there are no such metrics.
            return "";
        }
    }
}
