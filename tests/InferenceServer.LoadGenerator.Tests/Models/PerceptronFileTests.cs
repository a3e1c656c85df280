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

    /// <summary>An engine that finds two of them alike keeps one, and then less is measured than the file says.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(6)]
    [InlineData(2048, 8)]
    public void Weights_OfEachLayer_AreOthersAndAddUpToOne(int width, int layers = 5)
    {
        var all = Enumerable.Range(0, layers).Select(layer => PerceptronFile.Weights(width, layer)).ToList();

        Assert.All(all, weights => Assert.Equal(1.0, Enumerable.Range(0, width).Sum(row => (double)weights[row * width]), 1e-6));
        Assert.All(all, weights => Assert.Equal(1, all.Count(other => other.AsSpan().SequenceEqual(weights))));
    }
}
