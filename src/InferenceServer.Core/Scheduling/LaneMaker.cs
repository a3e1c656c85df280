namespace InferenceServer.Core.Scheduling;

/// <summary>Makes what is wanted beside the lanes that a configuration asks for.</summary>
/// <param name="Make">Makes a lane, true for one without a thread (<see cref="SideLanes"/>); null where that fails.</param>
internal sealed record LaneMaker(Func<LaneScheduler, bool, InstanceRunner?> Make)
{
    /// <summary>Has the engine get ready for executions that use one thread each; false where it will not. Null where it has no such thing.</summary>
    public Func<bool>? TryReadyOneThread { get; init; }

    /// <summary>Tells what a trial has found. Not called under the scheduler's lock.</summary>
    public Action<LaneFinding>? Tell { get; init; }
}
