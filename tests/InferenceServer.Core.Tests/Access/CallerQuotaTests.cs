using InferenceServer.Core.Access;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Access;

public sealed class CallerQuotaTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void TrySpend_BurstThenRate_LetsAsManyInAsTheBucketHas()
    {
        var quota = new CallerQuota(new CallerLimits(10, 3, null), _time);
        Assert.Equal(3, Spend(quota, 10));
        Assert.Equal(QuotaVerdict.TooFast, quota.TrySpend(out var wait));
        Assert.Equal(100, wait.TotalMilliseconds, 1.0);

        // One a tenth of a second, and never more than the burst.
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1, Spend(quota, 5));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(3, Spend(quota, 10));
    }

    [Fact]
    public void TrySpend_ForAnHour_AllowsTheRateAndTheBurst()
    {
        var quota = new CallerQuota(new CallerLimits(2.5, 10, null), _time);
        var admitted = 0;
        for (var i = 0; i < 3600 * 5; i++)
        {
            admitted += Spend(quota, 1);
            _time.Advance(TimeSpan.FromMilliseconds(200));
        }

        Assert.InRange(admitted, 9000, 9011);
    }

    [Fact]
    public void TryEnter_ConcurrencyReached_IsRefusedUntilOneLeaves()
    {
        var quota = new CallerQuota(new CallerLimits(null, 1, 2), _time);
        Assert.Equal(QuotaVerdict.Admitted, quota.TryEnter(out _));
        Assert.Equal(QuotaVerdict.Admitted, quota.TryEnter(out _));
        Assert.Equal(QuotaVerdict.TooMany, quota.TryEnter(out var wait));
        Assert.True(wait > TimeSpan.Zero);
        quota.Leave();
        Assert.Equal(QuotaVerdict.Admitted, quota.TryEnter(out _));
        Assert.False(quota.IsIdle);
        quota.Leave();
        quota.Leave();
        Assert.True(quota.IsIdle);
    }

    [Fact]
    public void TryEnter_RefusedByTheRate_HoldsNoPlace()
    {
        var quota = new CallerQuota(new CallerLimits(1, 1, 1), _time);
        Assert.Equal(QuotaVerdict.Admitted, quota.TryEnter(out _));
        quota.Leave();
        Assert.Equal(QuotaVerdict.TooFast, quota.TryEnter(out _));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(QuotaVerdict.Admitted, quota.TryEnter(out _));
    }

    [Fact]
    public async Task TryEnter_FromManyThreads_NeverLetsMoreInThanAllowed()
    {
        var quota = new CallerQuota(new CallerLimits(1, 100, null), _time);
        var admitted = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Spend(quota, 1000))));
        Assert.Equal(100, admitted.Sum());
    }

    private static int Spend(CallerQuota quota, int times)
    {
        var admitted = 0;
        for (var i = 0; i < times; i++)
        {
            admitted += quota.TrySpend(out _) == QuotaVerdict.Admitted ? 1 : 0;
        }

        return admitted;
    }
}
