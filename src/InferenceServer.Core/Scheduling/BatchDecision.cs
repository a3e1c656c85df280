namespace InferenceServer.Core.Scheduling;

/// <summary>What an idle lane should do next.</summary>
/// <param name="Requests">How many requests from the head of the queue to run now; 0 to wait.</param>
/// <param name="Reason">Why they are run with the rows that they have.</param>
/// <param name="WaitUntil">When <paramref name="Requests"/> is 0: the timestamp at which to ask again; <see cref="Never"/> without one.</param>
internal readonly record struct BatchDecision(int Requests, ReleaseReason Reason, long WaitUntil)
{
    public const long Never = long.MaxValue;

    public static BatchDecision Run(int requests, ReleaseReason reason) => new(requests, reason, 0);

    public static BatchDecision Wait(long until) => new(0, default, until);
}
