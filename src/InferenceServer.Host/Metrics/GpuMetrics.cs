using System.Collections.Immutable;
using InferenceServer.Host.Gpus;

namespace InferenceServer.Host.Metrics;

/// <summary>Shows the GPUs of the machine under Triton's names. They are asked at a scrape, and only when the last answer is old enough: a driver may take its time.</summary>
internal sealed class GpuMetrics(IGpuReader gpus, TimeProvider time, TimeSpan interval) : IMetricsSource
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, double> _firstEnergies = [];
    private ImmutableArray<GpuReading> _readings = [];
    private long _readAt;
    private bool _hasRead;

    public IEnumerable<Action<MetricsText>> Sections() => [Write];

    private void Write(MetricsText text)
    {
        var readings = Read();
        Family(text, readings, "nv_gpu_utilization", MetricType.Gauge, "The part of the time for which the GPU was busy, from 0 to 1.", static reading => reading.Utilization);
        Family(text, readings, "nv_gpu_memory_total_bytes", MetricType.Gauge, "The GPU's memory, in bytes.", static reading => reading.MemoryTotal);
        Family(text, readings, "nv_gpu_memory_used_bytes", MetricType.Gauge, "The GPU's memory that is in use, in bytes.", static reading => reading.MemoryUsed);
        Family(text, readings, "nv_gpu_power_usage", MetricType.Gauge, "What the GPU takes, in watts.", static reading => reading.Power);
        Family(text, readings, "nv_gpu_power_limit", MetricType.Gauge, "What the GPU may take, in watts.", static reading => reading.PowerLimit);
        Family(text, readings, "nv_energy_consumption", MetricType.Counter, "What the GPU has taken since the server began to look, in joules.", SinceFirst);
    }

    private ImmutableArray<GpuReading> Read()
    {
        lock (_lock)
        {
            if (!_hasRead || time.GetElapsedTime(_readAt) >= interval)
            {
                (_hasRead, _readAt, _readings) = (true, time.GetTimestamp(), gpus.Read());
                foreach (var reading in _readings.Where(static reading => reading.Energy is not null))
                {
                    _firstEnergies.TryAdd(reading.Uuid, reading.Energy!.Value);
                }
            }

            return _readings;
        }
    }

    private double? SinceFirst(GpuReading reading)
    {
        lock (_lock)
        {
            return reading.Energy - _firstEnergies.GetValueOrDefault(reading.Uuid);
        }
    }

    private static void Family(MetricsText text, ImmutableArray<GpuReading> readings, string name, MetricType type, string help, Func<GpuReading, double?> read)
    {
        if (!readings.Any(reading => read(reading) is not null))
        {
            return;
        }

        text.Begin(name, type, help);
        foreach (var reading in readings)
        {
            if (read(reading) is { } value)
            {
                text.Sample(name, MetricsText.Label("gpu_uuid", reading.Uuid), value);
            }
        }
    }
}
