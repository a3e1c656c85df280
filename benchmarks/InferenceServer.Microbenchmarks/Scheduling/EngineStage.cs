using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>A request through the engine and the scheduler of a model that does nothing: handed over to a lane's thread, or run by the one that brings it.</summary>
internal sealed class EngineStage : IAsyncStage, IDisposable
{
    private readonly StagedModel _model;

    /// <param name="maxCallerExecution">Zero to have it always handed over.</param>
    public EngineStage(TimeSpan maxCallerExecution) => _model = new StagedModel(maxCallerExecution: maxCallerExecution);

    public async Task RunAsync()
    {
        var outcome = await _model.Engine.InferAsync(_model.Request(), CancellationToken.None).ConfigureAwait(false);
        if (!outcome.IsSuccess)
        {
            throw new InvalidOperationException(outcome.Error.Message);
        }

        outcome.Response.Dispose();
    }

    public void Dispose() => _model.Dispose();
}
