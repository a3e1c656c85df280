using InferenceServer.Abstractions.Models;
using Xunit;

namespace InferenceServer.Abstractions.Tests.Models;

public sealed class ProcessorSetTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0-3,8", "0-3,8")]
    [InlineData("8,3,2,1,0", "0-3,8")]
    [InlineData("1, 3 , 5", "1,3,5")]
    [InlineData("4-6,5-9,4", "4-9")]
    [InlineData("8191", "8191")]
    public void Parse_NumbersAndRanges(string text, string expected)
    {
        Assert.True(ProcessorSet.TryParse(text, out var processors));
        Assert.Equal(expected, processors.ToString());
        Assert.True(ProcessorSet.TryParse(expected, out var same));
        Assert.Equal(processors, same);
        Assert.Equal(processors.GetHashCode(), same.GetHashCode());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("3-1")]
    [InlineData("0,,1")]
    [InlineData("0-8192")]
    [InlineData("1-2-3")]
    public void Parse_WhatIsNoSet_IsRefused(string text) => Assert.False(ProcessorSet.TryParse(text, out _));

    [Fact]
    public void Sets_OfDifferentProcessors_Differ()
    {
        Assert.NotEqual(new ProcessorSet([0, 1, 3]), new ProcessorSet([0, 2, 3]));
        Assert.Throws<ArgumentException>(() => new ProcessorSet([]));
    }
}
