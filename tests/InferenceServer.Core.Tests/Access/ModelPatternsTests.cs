using InferenceServer.Core.Access;
using Xunit;

namespace InferenceServer.Core.Tests.Access;

public sealed class ModelPatternsTests
{
    [Theory]
    [InlineData("add_sub", "add_sub", true)]
    [InlineData("add_sub", "ADD_SUB", false)]
    [InlineData("add_sub", "add_sub2", false)]
    [InlineData("*", "", true)]
    [InlineData("*", "east::add_sub", true)]
    [InlineData("add_*", "add_", true)]
    [InlineData("add_*", "add", false)]
    [InlineData("east::*", "east::add_sub", true)]
    [InlineData("east::*", "add_sub", false)]
    [InlineData("*_sub", "add_sub", true)]
    [InlineData("*_sub", "add_sub_", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "abZ", false)]
    [InlineData("**", "x", true)]
    [InlineData("a?c", "abc", false)]
    [InlineData("a.c", "abc", false)]
    public void Match_Pattern_MeansItsNames(string pattern, string name, bool expected) => Assert.Equal(expected, new ModelPatterns([pattern]).Match(name));

    [Fact]
    public void Match_NoPattern_MeansNothing() => Assert.False(new ModelPatterns([]).Match("x"));

    [Fact]
    public void IsAll_TheStarAlone_IsAll()
    {
        Assert.True(new ModelPatterns(["a", "*"]).IsAll);
        Assert.False(new ModelPatterns(["**", "a*"]).IsAll);
    }
}
