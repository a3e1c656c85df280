using InferenceServer.Protocols.KServe.Restrictions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Restrictions;

public sealed class ApiRestrictionsTests
{
    [Theory]
    [InlineData("k1", true)]
    [InlineData("K1", false)]
    [InlineData("k1 ", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void IsAllowed_RestrictedCategory_AsksForTheExactValue(string? value, bool expected)
    {
        var restrictions = Parse("inference,statistics:admin=k1");
        Assert.Equal(expected, restrictions.IsAllowed(Of(ApiCategory.Statistics), Headers("p-ADMIN", value), out var header));
        Assert.Equal("p-admin", header);
    }

    [Fact]
    public void IsAllowed_RightValueTwice_IsNotOneValue() =>
        Assert.False(Parse("health:a=k").IsAllowed(Of(ApiCategory.Health), Headers("p-a", new StringValues(["k", "k"])), out _));

    [Fact]
    public void IsAllowed_OpenCategory_AsksForNothing() => Assert.True(Parse("inference:a=k").IsAllowed(Of(ApiCategory.Health), new HeaderDictionary(), out _));

    [Fact]
    public void IsAllowed_EndpointWithoutCategory_IsRefusedOnceSomethingIsRestricted()
    {
        var unknown = new Endpoint(null, EndpointMetadataCollection.Empty, "unknown");
        Assert.False(Parse("inference:a=k").IsAllowed(unknown, Headers("p-a", "k"), out var header));
        Assert.Null(header);
        Assert.True(ApiRestrictions.None.IsAllowed(unknown, new HeaderDictionary(), out _));
    }

    [Fact]
    public void IsAllowed_NothingThere_IsNobodysSecret()
    {
        Assert.True(Parse("inference:a=k").IsAllowed(null, new HeaderDictionary(), out _));
        Assert.True(Parse("inference:a=k").IsAllowed(Of(null), new HeaderDictionary(), out _));
    }

    [Theory]
    [InlineData("inference", "expected <category>")]
    [InlineData("inference:key", "expected <category>")]
    [InlineData("inference:=SECRET", "expected <category>")]
    [InlineData("inference:key=", "expected <category>")]
    [InlineData("inference:a key=SECRET", "expected <category>")]
    [InlineData(":key=SECRET", "expected <category>")]
    [InlineData("inferences:key=SECRET", "got 'inferences'")]
    [InlineData("inference,inference:key=SECRET", "'inference' is restricted twice")]
    public void Parse_WrongGroup_IsToldWithoutTheSecret(string group, string words)
    {
        var problems = new List<string>();
        ApiRestrictions.Parse([group], "", problems);
        var problem = Assert.Single(problems);
        Assert.Contains(words, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_CategoryInTwoGroups_IsRefused()
    {
        var problems = new List<string>();
        ApiRestrictions.Parse(["inference:a=1", "health,inference:b=2"], "", problems);
        Assert.Equal("the category 'inference' is restricted twice, expected once", Assert.Single(problems));
    }

    [Fact]
    public void Parse_ValueWithColonsAndEqualsSigns_IsTakenWhole() =>
        Assert.True(Parse("health:a=b:c=d==").IsAllowed(Of(ApiCategory.Health), Headers("p-a", "b:c=d=="), out _));

    private static ApiRestrictions Parse(string group)
    {
        var problems = new List<string>();
        var restrictions = ApiRestrictions.Parse([group], "p-", problems);
        Assert.Empty(problems);
        return restrictions;
    }

    private static Endpoint Of(ApiCategory? category) => new(null, new EndpointMetadataCollection(new ApiCategoryMetadata(category)), "known");

    private static HeaderDictionary Headers(string name, StringValues value) => new() { [name] = value };
}
