using InferenceServer.Core.Scheduling;
using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class RateLimitReaderTests
{
    private readonly List<string> _errors = [];

    [Fact]
    public void Read_Amounts_OfOneDeviceAndOfAll()
    {
        var options = new RateLimitReader("--rate-limit-resource", _errors).Read(true, ["A:3", "B:2:1"], 4);
        Assert.Empty(_errors);
        Assert.Equal([new ResourceAmount("A", null, 3), new ResourceAmount("B", 1, 2)], options.Resources);
        Assert.Equal((true, 4), (options.UsesResources, options.MaxConcurrentExecutions));
    }

    [Theory]
    [InlineData("A")]
    [InlineData(":3")]
    [InlineData("A:0")]
    [InlineData("A:-1")]
    [InlineData("A:x")]
    [InlineData("A:1:x")]
    [InlineData("A:1:2:3")]
    public void Read_WhatIsNoAmount_IsAnError(string value)
    {
        new RateLimitReader("--rate-limit-resource", _errors).Read(true, [value], 0);
        Assert.Contains($"got '{value}'", Assert.Single(_errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AmountsWithoutTheLimiter_IsAnError()
    {
        new RateLimitReader("--rate-limit-resource", _errors).Read(false, ["A:1"], 0);
        Assert.Contains("no effect without --rate-limit=execution_count", Assert.Single(_errors), StringComparison.Ordinal);
    }
}
