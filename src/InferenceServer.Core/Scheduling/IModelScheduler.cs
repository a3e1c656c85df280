using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Scheduling;

/// <summary>Brings accepted requests to the lanes of one version. There is one implementation for each way of scheduling.</summary>
internal interface IModelScheduler
{
    /// <summary>What there is to do now; nothing where it runs no instances of its own.</summary>
    SchedulerLoad ReadLoad() => default;

    /// <summary>The lanes, each to be warmed up before the first request is accepted; none when it runs no instances of its own.</summary>
    IReadOnlyList<InstanceRunner> Lanes => [];

    /// <summary>The version is about to serve: its first request is to find somebody who waits for it, where that costs little.</summary>
    void Expect()
    {
    }

    /// <summary>
    /// Accepts a request or says why not. An accepted request is completed exactly once; a refused one stays with the caller.
    /// </summary>
    InferenceError? TryEnqueue(PendingInference pending);

    /// <summary>
    /// Puts other rules into force, for what waits too, and changes the lanes. What runs is finished by the lane that runs it; nothing that has been accepted is
    /// refused. The caller sees to it that the version is not stopped meanwhile.
    /// </summary>
    /// <param name="rules">What holds from now on.</param>
    /// <param name="added">Lanes of this scheduler that have not taken anything from it yet; they belong to it from now on.</param>
    /// <param name="retired">Lanes of <see cref="Lanes"/> that take no further batch. Each is freed when its batch has ended.</param>
    /// <exception cref="NotSupportedException">The scheduler runs no instances of its own.</exception>
    void Retune(LaneSchedulerSetup rules, IReadOnlyCollection<InstanceRunner> added, IReadOnlyCollection<InstanceRunner> retired) =>
        throw new NotSupportedException("the scheduler has no lanes of its own");

    /// <summary>The version is on its way out: what waits for company is run at once from now on.</summary>
    void BeginDrain();

    /// <summary>Runs what is still queued, lets every lane end, and disposes the instances. The caller has stopped enqueuing.</summary>
    Task StopAsync();
}
