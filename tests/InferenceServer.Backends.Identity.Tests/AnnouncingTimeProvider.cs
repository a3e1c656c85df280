using Microsoft.Extensions.Time.Testing;

namespace InferenceServer.Backends.Identity.Tests;

/// <summary>A stepped clock that tells when somebody begins to wait on it.</summary>
internal sealed class AnnouncingTimeProvider : TimeProvider
{
    private readonly TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeTimeProvider Clock { get; } = new();

    public Task TimerCreated => _created.Task;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = Clock.CreateTimer(callback, state, dueTime, period);
        _created.TrySetResult();
        return timer;
    }
}
