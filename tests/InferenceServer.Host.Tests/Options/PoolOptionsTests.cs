using InferenceServer.Core.Memory;
using InferenceServer.Host.Startup;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class PoolOptionsTests
{
    private const long Mega = 1 << 20;

    /// <summary>In a small container nothing is to be kept that requests could not take, nor to stay in the heaps of the C library.</summary>
    [Theory]
    [InlineData(0, 64, false)]
    [InlineData(16, 16, true)]
    [InlineData(160, 64, true)]
    [InlineData(1024, 64, false)]
    public void Pool_KeepsNoMoreThanRequestsMayTake(long requestMemory, long expected, bool isMapped)
    {
        TensorPoolOptions pool = CoreSetup.MakePool(requestMemory * Mega);
        Assert.Equal((expected * Mega, isMapped), (pool.RetainedBytes, pool.MappedFrom > 0));
    }
}
