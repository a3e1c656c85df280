namespace InferenceServer.Host.Startup;

/// <inheritdoc cref="IManagedHeap"/>
internal sealed class ManagedHeap : IManagedHeap
{
    public long AllocatedBytes => GC.GetTotalAllocatedBytes();

    public int Collections => GC.CollectionCount(GC.MaxGeneration);

    public void GiveBack() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
