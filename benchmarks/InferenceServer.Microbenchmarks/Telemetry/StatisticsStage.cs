using InferenceServer.Core.Observation;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Microbenchmarks.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Telemetry;

/// <summary>What one request to a model writes into its counters and histograms.</summary>
internal sealed class StatisticsStage : IStage, IDisposable
{
    private static readonly ExecutionTimes s_times = new(TimeSpan.FromMicroseconds(1), TimeSpan.FromMicroseconds(20), TimeSpan.FromMicroseconds(2));
    private static readonly TimeSpan s_queued = TimeSpan.FromMicroseconds(3);
    private static readonly TimeSpan s_total = TimeSpan.FromMicroseconds(30);

    private readonly StagedModel _model = new();

    public void Run()
    {
        var statistics = _model.Statistics;
        statistics.Enter();
        statistics.RecordExecution(1, ReleaseReason.LaneIdle, s_times, DateTimeOffset.UnixEpoch);
        statistics.RecordBusy(s_total);
        statistics.RecordSuccess(s_queued, s_total, s_times, RequestProtocol.Http);
        statistics.RecordFirstResponse(s_total);
        statistics.Leave();
    }

    public void Dispose() => _model.Dispose();
}
