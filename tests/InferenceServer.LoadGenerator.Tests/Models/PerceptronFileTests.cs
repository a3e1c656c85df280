using InferenceServer.LoadGenerator.Models;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Models;

public sealed class PerceptronFileTests
{
    /// <summary>What the file is beside its weights is small, and grows with the layers only.</summary>
    [Theory]
    [InlineData(8, 1)]
    [InlineData(64, 4)]
    public void Of_WidthAndLayers_HoldsTheirWeights(int width, int layers) =>
        Assert.InRange(PerceptronFile.Of(width, layers).Length, width * width * layers * sizeof(float), (width * width * layers * sizeof(float)) + (layers * 100) + 100);
}
