using InferenceServer.Core.Memory;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>Tensor memory, rented and given back.</summary>
internal sealed class PoolStage(long bytes) : IStage, IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());

    public void Run() => _pool.Rent(bytes).Dispose();

    public void Dispose() => _pool.Dispose();
}
