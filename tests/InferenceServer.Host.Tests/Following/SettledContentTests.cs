using InferenceServer.Host.Following;
using Xunit;

namespace InferenceServer.Host.Tests.Following;

public sealed class SettledContentTests
{
    /// <summary>What is there at each look, and at which looks it is tried.</summary>
    [Theory]
    [InlineData("aaaa", "....")]
    [InlineData("abbb", "..x.")]
    [InlineData("abcbb", "....x")]
    [InlineData("abbaa", "..x.x")]
    [InlineData("abab", "....")]
    [InlineData("abbcc", "..x.x")]
    [InlineData("abbcbb", "..x...")]
    public void ShouldTry_Looks_AreTriedOnceWhenTwoAgree(string looks, string expected)
    {
        var settled = new SettledContent("a");
        Assert.Equal(expected, string.Concat(looks.Select(look => settled.ShouldTry(look.ToString()) ? 'x' : '.')));
    }
}
