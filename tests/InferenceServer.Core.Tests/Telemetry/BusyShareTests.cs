using InferenceServer.Core.Telemetry;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Telemetry;

public sealed class BusyShareTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Share_IsOfTheTimeSinceTheBeginning_UntilThereIsAWindow()
    {
        var share = new BusyShare(_time);
        Assert.Equal(0, share.Read(TimeSpan.Zero, 2));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(0.25, share.Read(TimeSpan.FromSeconds(5), 2), 9);

        // Whoever asks at once again gets the same answer.
        Assert.Equal(0.25, share.Read(TimeSpan.FromSeconds(5), 2), 9);
    }

    [Fact]
    public void WhatWasLongAgo_CountsNoMore()
    {
        var share = new BusyShare(_time);
        var busy = TimeSpan.Zero;
        for (var second = 0; second < 60; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            busy += TimeSpan.FromSeconds(second < 30 ? 1 : 0);
            share.Read(busy, 1);
        }

        Assert.Equal(0, share.Read(busy, 1), 9);
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(0.2, share.Read(busy + TimeSpan.FromSeconds(3), 1), 9);
    }

    [Fact]
    public void NobodyAskingForLong_TheAverageGoesOverTheWholeTime()
    {
        var share = new BusyShare(_time);
        _time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(0.5, share.Read(TimeSpan.FromSeconds(50), 1), 9);
        Assert.Equal(0, share.Read(TimeSpan.FromSeconds(50), 0), 9);
    }
}
