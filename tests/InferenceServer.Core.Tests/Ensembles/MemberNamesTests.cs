using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Ensembles;
using Xunit;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>Which model a step means, with and without namespaces.</summary>
public sealed class MemberNamesTests
{
    private static readonly ImmutableArray<string> s_wanted = ["plain", "east::m", "west::m", "west::only", "east::e"];

    [Theory]
    [InlineData("plain", "", "e", "plain")]
    [InlineData("m", "", "east::e", "east::m")]
    [InlineData("m", "", "west::e", "west::m")]
    [InlineData("only", "", "east::e", "west::only")]
    [InlineData("west::m", "", "east::e", "west::m")]
    [InlineData("m", "west", "east::e", "west::m")]
    [InlineData("m", "/models/west/", "east::e", "west::m")]
    [InlineData("plain", "west", "e", "plain")]
    [InlineData("m", "", "e", null)]
    [InlineData("m", "north", "east::e", null)]
    [InlineData("nothing", "", "east::e", null)]
    public void Step_MeansTheModelOfItsNamespace_BeforeAllOthers(string model, string space, string ensemble, string? expected) =>
        Assert.Equal(expected, MemberNames.Find(new EnsembleStepConfig(0, model) { Namespace = space }, ensemble, s_wanted));
}
