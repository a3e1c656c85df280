using InferenceServer.Core.Lifecycle;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>When the managed heap is collected after models have gone.</summary>
public sealed class GarbageCollectionTests
{
    [Fact]
    public void ManyAsks_AreOneCollectionNow_AndOneLater()
    {
        var time = new FakeTimeProvider();
        var count = 0;
        using var collection = new GarbageCollection(time, () => count++);
        collection.Ask();
        time.Advance(TimeSpan.Zero);
        Assert.Equal(1, count);
        collection.Ask();
        collection.Ask();
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, count);
        collection.Ask();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, count);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, count);
        collection.Ask();
        time.Advance(TimeSpan.Zero);
        Assert.Equal(3, count);
    }
}
