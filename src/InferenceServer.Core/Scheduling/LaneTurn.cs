namespace InferenceServer.Core.Scheduling;

/// <summary>What a lane's thread is to do next.</summary>
internal enum LaneTurn
{
    /// <summary>Run a batch, or answer what has expired, and ask again.</summary>
    Work,

    /// <summary>End: there is nothing to do, and another thread begins when there is.</summary>
    Rest,

    /// <summary>End, and free the lane, which is not wanted any more.</summary>
    Leave,
}
