namespace InferenceServer.Core.Scheduling;

/// <summary>The threads that run models.</summary>
public static class LaneThreads
{
    /// <summary>How many there are in the process: those that run something, and those that still wait for more.</summary>
    public static int Count => InstanceRunner.Threads;
}
