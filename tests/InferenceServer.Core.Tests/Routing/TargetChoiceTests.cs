using InferenceServer.Core.Routing;
using Xunit;

namespace InferenceServer.Core.Tests.Routing;

public sealed class TargetChoiceTests
{
    private static readonly ulong[] s_names = [StickyHash.Of("m/1"), StickyHash.Of("m/2"), StickyHash.Of("other/")];

    [Theory]
    [InlineData(new double[] { 90, 10 }, 0UL, 0.0, 0)]
    [InlineData(new double[] { 90, 10 }, 0UL, 0.8999, 0)]
    [InlineData(new double[] { 90, 10 }, 0UL, 0.9001, 1)]
    [InlineData(new double[] { 90, 10 }, 0UL, 0.9999999999999999, 1)]
    [InlineData(new double[] { 90, 10 }, 1UL, 0.0, 1)]
    [InlineData(new double[] { 90, 10 }, 2UL, 0.9999, 0)]
    [InlineData(new double[] { 90, 10 }, 3UL, 0.5, -1)]
    [InlineData(new double[] { 90, 0 }, 1UL, 0.5, -1)]
    [InlineData(new double[] { 0, 0, 1 }, 0UL, 0.0, 2)]
    [InlineData(new double[] { 1, 1, 2 }, 2UL, 0.5, 2)]
    [InlineData(new double[] { 0.1, 0.2, 0.3, 0 }, 0UL, 0.9999999999999999, 2)]
    public void Draw_PointOnTheLine_IsTheTargetThere(double[] weights, ulong excluded, double chance, int expected) =>
        Assert.Equal(expected, TargetChoice.Draw(weights, excluded, chance));

    [Theory]
    [InlineData(new double[] { 90, 10 })]
    [InlineData(new double[] { 1, 2, 7 })]
    public void Draw_ManyTimes_GivesEachItsShare(double[] weights)
    {
        var random = new Random(4711);
        AssertShares(weights, 100_000, _ => TargetChoice.Draw(weights, 0, random.NextDouble()));
    }

    [Theory]
    [InlineData(new double[] { 90, 10 })]
    [InlineData(new double[] { 1, 2, 7 })]
    public void Find_ManyKeys_GivesEachItsShare(double[] weights) => AssertShares(weights, 100_000, key => Find(weights, key));

    [Fact]
    public void Find_WeightGrows_MovesKeysToItsTargetAloneAndNoMoreThanItsShare()
    {
        double[] before = [50, 40, 10];
        double[] after = [50, 40, 30];
        var moved = 0;
        for (var key = 0; key < 20_000; key++)
        {
            if (Find(before, key) is var old && Find(after, key) is var now && old != now)
            {
                moved++;
                Assert.Equal(2, now);
            }
        }

        // From a tenth to a quarter of all.
        Assert.InRange(moved / 20_000.0, 0.135, 0.165);
    }

    [Fact]
    public void Find_TargetIsNotThere_MovesItsKeysAlone()
    {
        double[] weights = [50, 40, 10];
        for (var key = 0; key < 5_000; key++)
        {
            var whole = Find(weights, key);
            var without = TargetChoice.Find(weights, s_names, 2, StickyHash.Of($"user-{key}"));
            Assert.NotEqual(1, without);
            Assert.True(whole == without || whole == 1);
        }
    }

    [Fact]
    public void Find_NothingLeft_IsNone()
    {
        Assert.Equal(-1, TargetChoice.Find([1, 1, 0], s_names, 3, 5));
        Assert.Equal(-1, TargetChoice.Find([0, 0, 0], s_names, 0, 5));
    }

    [Theory]
    [InlineData("", 0xEFD01F60BA992926UL)]
    [InlineData("user-1", 0x264807F9144BE64FUL)]
    [InlineData("\u20AC", 0x38D89FB860F3F110UL)]
    public void Hash_IsTheSameForEver(string text, ulong expected) => Assert.Equal(expected, StickyHash.Of(text));

    private static int Find(double[] weights, int key) => TargetChoice.Find(weights, s_names, 0, StickyHash.Of($"user-{key}"));

    /// <summary>Within five standard deviations; what is drawn is the same in every run.</summary>
    private static void AssertShares(double[] weights, int count, Func<int, int> choose)
    {
        var hits = new int[weights.Length];
        for (var i = 0; i < count; i++)
        {
            hits[choose(i)]++;
        }

        for (var i = 0; i < weights.Length; i++)
        {
            var share = weights[i] / weights.Sum();
            Assert.InRange(Math.Abs(hits[i] - (count * share)), 0, 5 * Math.Sqrt(count * share * (1 - share)));
        }
    }
}
