namespace InferenceServer.FunctionalTests.Operations;

/// <summary>States of a process that its probes tell apart.</summary>
public enum ProbedState
{
    /// <summary>Everything serves.</summary>
    Ready,

    /// <summary>A model that came later loads beside those that serve.</summary>
    LoadingAnother,

    /// <summary>A model of the start has failed, and readiness waits for all of them.</summary>
    Degraded,

    /// <summary>A model of the start has failed, and readiness does not mind.</summary>
    DegradedAndLenient,

    /// <summary>An instance hangs, and requests wait behind it.</summary>
    Stalled,

    /// <summary>It has been told to stop, and goes on until balancers have heard of it.</summary>
    Draining,
}
