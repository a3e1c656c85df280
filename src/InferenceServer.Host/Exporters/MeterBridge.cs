using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using InferenceServer.Core.Telemetry;
using InferenceServer.Host.Metrics;

namespace InferenceServer.Host.Exporters;

/// <summary>
/// Shows what a scrape shows to listeners of .NET meters too, under the same names and labels: each counter and each gauge is an instrument that is read when a listener collects.
/// Families that come later, with the first model that has them, become instruments with the next collection. Histograms are measured by the core itself.
/// </summary>
internal sealed class MeterBridge : IHostedService
{
    // A listener asks every instrument for itself; they all tell of one moment.
    private static readonly TimeSpan s_age = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ServerMeter _meter;
    private readonly ImmutableArray<IMetricsSource> _sources;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, Instrument> _instruments = [];
    private Dictionary<string, List<Measurement<double>>> _current = [];
    private long _readAt;
    private bool _hasRead;

    public MeterBridge(ServerMeter meter, IEnumerable<IMetricsSource> sources, TimeProvider time)
    {
        _meter = meter;
        _sources = [.. sources];
        _time = time;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.Meter.CreateObservableGauge("inference_server_up", MeasureUp, null, "1 while the server runs.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private double MeasureUp()
    {
        Refresh();
        return 1;
    }

    private List<Measurement<double>> Measure(string name)
    {
        lock (_lock)
        {
            return Refresh().GetValueOrDefault(name) ?? [];
        }
    }

    private Dictionary<string, List<Measurement<double>>> Refresh()
    {
        lock (_lock)
        {
            if (_hasRead && _time.GetElapsedTime(_readAt) < s_age)
            {
                return _current;
            }

            (_hasRead, _readAt) = (true, _time.GetTimestamp());
            var reader = new SampleReader();
            foreach (var section in _sources.SelectMany(static source => source.Sections()))
            {
                var text = new MetricsText();
                section(text);
                reader.Read(text.ToString());
            }

            _current = reader.Samples;
            foreach (var family in reader.Families.Where(family => !_instruments.ContainsKey(family.Name)))
            {
                var name = family.Name;
                _instruments.Add(name, family.Type == MetricType.Counter
                    ? _meter.Meter.CreateObservableCounter(name, () => Measure(name), null, family.Help)
                    : _meter.Meter.CreateObservableGauge(name, () => Measure(name), null, family.Help));
            }

            return _current;
        }
    }
}
