using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class MemoryShareTests
{
    private const long Mega = 1 << 20;

    /// <summary>Three quarters of a container's memory are what the runtime says that the process may use.</summary>
    [Theory]
    [InlineData(0, 16)]
    [InlineData(128, 16)]
    [InlineData(192, 16)]
    [InlineData(384, 64)]
    [InlineData(768, 160)]
    [InlineData(3072, 736)]
    public void Share_IsAQuarterOfWhatIsLeftAndEnoughForAFew(long available, long expected) => Assert.Equal(expected * Mega, MemoryShare.Of(available * Mega));
}
