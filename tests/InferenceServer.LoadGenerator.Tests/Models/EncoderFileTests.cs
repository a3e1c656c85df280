using InferenceServer.LoadGenerator.Models;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Models;

public sealed class EncoderFileTests
{
    /// <summary>Twelve matrices of the width in each layer, and little else.</summary>
    [Theory]
    [InlineData(64, 1)]
    [InlineData(64, 3)]
    public void Of_WidthAndLayers_HoldsTheirWeights(int width, int layers)
    {
        var weights = 12 * width * width * layers * sizeof(float);
        Assert.InRange(EncoderFile.Of(width, layers).Length, weights, weights + (layers * 9000) + 1000);
    }

    [Fact]
    public void Of_TheSameTwice_IsTheSame() => Assert.Equal(EncoderFile.Of(16, 2), EncoderFile.Of(16, 2));
}
