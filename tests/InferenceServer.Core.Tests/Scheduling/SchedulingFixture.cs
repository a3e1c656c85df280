using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>What tests of schedulers do with outcomes.</summary>
internal static class SchedulingFixture
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<InferenceResponse> SucceedAsync(ValueTask<InferenceOutcome> task) => SucceedAsync(task.AsTask());

    public static async Task<InferenceResponse> SucceedAsync(Task<InferenceOutcome> task)
    {
        var outcome = await task.WaitAsync(TestTimeouts.Phase, Token);
        Assert.True(outcome.IsSuccess, outcome.Error?.Message);
        return outcome.Response;
    }

    public static Task<InferenceError> FailAsync(ValueTask<InferenceOutcome> task) => FailAsync(task.AsTask());

    public static async Task<InferenceError> FailAsync(Task<InferenceOutcome> task)
    {
        var outcome = await task.WaitAsync(TestTimeouts.Phase, Token);
        outcome.Response?.Dispose();
        Assert.False(outcome.IsSuccess);
        return outcome.Error;
    }

    /// <summary>Other rules for a model that serves: one request an execution, which callers may run, and no lanes but its own.</summary>
    public static LaneSchedulerSetup CallerRules(ServedModelFixture model, TimeSpan limit) => new()
    {
        Limits = BatchLimits.Single,
        Queue = new QueueRules { MaxRequests = 10, Levels = [new QueuePolicy()] },
        MaxQueueBytes = 1 << 20,
        Compatibility = BatchCompatibility.Of(model.Served.Config),
        MaxCallerExecution = limit,
        Time = model.Time,
        Statistics = model.Statistics,
    };
}
