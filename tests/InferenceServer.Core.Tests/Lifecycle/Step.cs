using InferenceServer.Core.Lifecycle;
using InferenceServer.Testing;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>One load that waits for the test.</summary>
internal sealed class Step(string name, long version)
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ModelLoadResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Begun => _begun.Task.WaitAsync(TestTimeouts.Phase);

    public Task<ModelLoadResult> Result => _result.Task;

    private Action? _onWarmup;

    public void Begin(Action onWarmup)
    {
        _onWarmup = onWarmup;
        _begun.TrySetResult();
    }

    public void WarmUp() => _onWarmup!();

    public void Fail(string reason) => _result.SetResult(ModelLoadResult.Failed(reason));

    public void Succeed(ServedModel served) => _result.SetResult(ModelLoadResult.Loaded(served));

    public async Task<ServedModelFixture> SucceedAsync(TimeProvider? time = null)
    {
        await Begun;
        var fixture = new ServedModelFixture(name: name, version: version, time: time);
        _result.SetResult(ModelLoadResult.Loaded(fixture.Served));
        return fixture;
    }
}
