using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>From the end of a request to whoever awaits it, on another thread.</summary>
internal sealed class CompletionStage : IAsyncStage, IDisposable
{
    private static readonly InferenceOutcome s_outcome = InferenceOutcome.Failure(new InferenceError(ErrorCode.Internal, "an outcome"));

    private readonly StagedModel _model = new();
    private readonly InferenceRequest _request;

    public CompletionStage() => _request = _model.Request();

    public Task RunAsync()
    {
        var pending = new PendingInference(_request, 1, null, null, CancellationToken.None);
        var waiting = AwaitAsync(pending);
        pending.TryComplete(s_outcome);
        return waiting;
    }

    public void Dispose()
    {
        _request.Dispose();
        _model.Dispose();
    }

    private static async Task AwaitAsync(PendingInference pending) => await pending.Task.ConfigureAwait(false);
}
