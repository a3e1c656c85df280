using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Core.Repository;
using Xunit;

namespace InferenceServer.Core.Tests.Namespaces;

public sealed class ModelNamespacesTests
{
    [Theory]
    [InlineData("a::m", "a", "m")]
    [InlineData("a::m::n", "a", "m::n")]
    [InlineData("a:::m", "a", ":m")]
    [InlineData("::m", "", "m")]
    [InlineData("a::", "a", "")]
    [InlineData("m", null, "m")]
    [InlineData("a:m", null, "a:m")]
    public void Name_IsSplitAtItsFirstSeparator(string name, string? space, string model)
    {
        Assert.Equal(space is not null, ModelNamespaces.TrySplit(name, out var foundSpace, out var foundModel));
        Assert.Equal((space, model), (foundSpace, foundModel));
        Assert.Equal(model, ModelNamespaces.PlainOf(name));
        if (space is not null)
        {
            Assert.Equal(name, ModelNamespaces.Qualify(space, model));
        }
    }

    [Theory]
    [InlineData("m", true)]
    [InlineData("a::m", true)]
    [InlineData("a::m::n", true)]
    [InlineData("a::", false)]
    [InlineData("::m", false)]
    [InlineData("..::m", false)]
    [InlineData("a::..", false)]
    [InlineData("a::.git", false)]
    [InlineData("a::b/c", false)]
    [InlineData("a/b::c", false)]
    [InlineData("", false)]
    public void Name_EachOfItsPartsMayBeAFolder(string name, bool isValid) => Assert.Equal(isValid, ModelNamespaces.IsValid(name));

    [Fact]
    public void Name_IsNoLongerThanAPlainOne()
    {
        Assert.True(ModelNamespaces.IsValid("a::" + new string('m', ModelNames.MaxLength - 3)));
        Assert.False(ModelNamespaces.IsValid("a::" + new string('m', ModelNames.MaxLength - 2)));
    }

    [Theory]
    [InlineData("/models/east", "east")]
    [InlineData("/models/east/", "east")]
    [InlineData("/models/west/../east", "east")]
    [InlineData("/", "")]
    public void Folder_GivesItsNameToTheNamespace(string folder, string space) => Assert.Equal(space, ModelNamespaces.OfFolder(new MockFileSystem(), folder));

    [Theory]
    [InlineData("s3://bucket", "bucket")]
    [InlineData("s3://bucket/team/east", "east")]
    [InlineData("s3://http://host:9000/bucket", "bucket")]
    [InlineData("as://account/container/east/", "east")]
    public void Address_GivesItsLastPartToTheNamespace(string url, string space) => Assert.Equal(space, ModelNamespaces.OfUrl(url));

    [Fact]
    public void RepositoriesThatDiffer_HaveNoProblem() => Assert.Empty(ModelNamespaces.FindProblems([("/a/east", "east"), ("/a/East", "East"), ("s3://b", "b")]));

    [Fact]
    public void RepositoriesOfOneName_AreNamedBoth()
    {
        var problem = Assert.Single(ModelNamespaces.FindProblems([("/a/east", "east"), ("/a/west", "west"), ("s3://b/east", "east")]));
        Assert.Contains("'/a/east' and 's3://b/east' would be one namespace, 'east'", problem, StringComparison.Ordinal);
        Assert.Contains("rename", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a::b")]
    [InlineData("a:")]
    public void RepositoryWhoseNameCannotBeOne_IsToldSo(string space) =>
        Assert.Contains($"'/r' cannot be a namespace: expected a last part of its path that could be the name of a model, without '::' in it and ':' at its end, got '{space}'", Assert.Single(ModelNamespaces.FindProblems([("/r", space)])), StringComparison.Ordinal);

    [Fact]
    public void Choices_AreSortedAndFew()
    {
        Assert.Equal("'a::m', 'b::m'", NameChoices.Print(["b::m", "a::m"]));
        Assert.Equal("'s00', 's01', 's02', 's03', 's04', 's05', 's06', 's07', 's08', 's09' and 15 more", NameChoices.Print(Enumerable.Range(0, 25).Select(static number => $"s{number:00}")));
    }

    [Fact]
    public void Choices_OfLongNames_AreFewerStill()
    {
        var names = Enumerable.Range(0, 5).Select(static number => number + new string('x', ModelNames.MaxLength - 1)).ToArray();
        Assert.Equal($"'{names[0]}' and 4 more", NameChoices.Print(names));
    }
}
