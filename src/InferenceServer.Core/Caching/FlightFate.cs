namespace InferenceServer.Core.Caching;

/// <summary>What becomes of a request whose answer is not kept.</summary>
internal enum FlightFate
{
    /// <summary>It runs, and others may wait for it.</summary>
    Leads,

    /// <summary>It waits for another one.</summary>
    Waits,

    /// <summary>The other one has just ended: look again.</summary>
    Landed,

    /// <summary>Its client has gone, or its deadline has passed.</summary>
    Gone,

    /// <summary>There is no room for one more that waits: it goes its own way.</summary>
    FliesAlone,
}
