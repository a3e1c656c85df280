namespace InferenceServer.Host.Startup;

/// <summary>The managed heap of this process.</summary>
internal interface IManagedHeap
{
    /// <summary>What has been allocated since the process began.</summary>
    long AllocatedBytes { get; }

    /// <summary>How often all of it has been collected.</summary>
    int Collections { get; }

    /// <summary>Collects all of it, and gives the system back what is not used.</summary>
    void GiveBack();
}
