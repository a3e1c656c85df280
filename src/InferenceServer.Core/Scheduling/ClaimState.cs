namespace InferenceServer.Core.Scheduling;

/// <summary>What a lane has of what it needs: nothing or all of it, never a part.</summary>
internal enum ClaimState
{
    /// <summary>It needs nothing now.</summary>
    Idle,

    /// <summary>It has nothing and waits.</summary>
    Waiting,

    /// <summary>It has everything, and has been woken to run.</summary>
    Granted,

    /// <summary>It has everything and runs.</summary>
    Running,
}
