using InferenceServer.Protocols.KServe.Rpc.Plain;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

public sealed class RpcTimeoutTests
{
    [Theory]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("3S", 30_000_000)]
    [InlineData("99999999m", 999_999_990_000)]
    [InlineData("5u", 50)]
    [InlineData("1n", 1)]
    [InlineData("250n", 3)]
    [InlineData("0S", 0)]
    [InlineData("99999999H", 3_599_999_964_000_000_000)]
    public void TryParse_DigitsAndAUnit_IsATime(string text, long ticks)
    {
        Assert.True(RpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData(" 1S")]
    [InlineData("1 S")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    public void TryParse_AnythingElse_IsNone(string text) => Assert.False(RpcTimeout.TryParse(text, out _));

    [Theory]
    [InlineData(1, "1m")]
    [InlineData(35_000_000, "3500m")]
    [InlineData(35_000_001, "3501m")]
    [InlineData(long.MaxValue, "99999999m")]
    public void Format_IsInMillisecondsAndNeverNothing(long ticks, string expected)
    {
        Assert.Equal(expected, RpcTimeout.Format(TimeSpan.FromTicks(ticks)));
        Assert.True(RpcTimeout.TryParse(expected, out _));
    }
}
