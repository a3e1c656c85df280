using InferenceServer.Core.Observation;
using InferenceServer.Microbenchmarks.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Telemetry;

/// <summary>The record of a request, from its coming to the end of its answer; no line in the log.</summary>
internal sealed class ObserverStage : IStage, IDisposable
{
    private readonly StagedModel _model = new();
    private readonly RequestObserver _observer = new(TimeProvider.System, RequestLog.None);

    public void Run()
    {
        using var record = _observer.Begin(RequestProtocol.Http, "sample");
        record.Follow(_model.Served);
        record.Code = 200;
        record.BeginSend();
    }

    public void Dispose() => _model.Dispose();
}
