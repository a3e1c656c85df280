using InferenceServer.Core.Access;
using Xunit;

namespace InferenceServer.Core.Tests.Access;

public sealed class CallerTests
{
    private static readonly Caller s_caller = new("c", [new AccessGrant(AccessScopes.Inference, new ModelPatterns(["a*"])), new AccessGrant(AccessScopes.Metadata | AccessScopes.Metrics, ModelPatterns.All)], null);

    [Theory]
    [InlineData(AccessScopes.Inference, "abc", true)]
    [InlineData(AccessScopes.Inference, "b", false)]
    [InlineData(AccessScopes.Inference, null, false)]
    [InlineData(AccessScopes.Metadata, "b", true)]
    [InlineData(AccessScopes.Metadata, null, true)]
    [InlineData(AccessScopes.Control, "abc", false)]
    [InlineData(AccessScopes.Inference | AccessScopes.Metadata, "b", true)]
    public void May_ScopeOfOneGrant_IsForItsModelsAlone(AccessScopes scopes, string? model, bool expected) => Assert.Equal(expected, s_caller.May(scopes, model));

    [Fact]
    public void HoldsForAll_ScopeForSomeModels_IsNotForAll()
    {
        Assert.False(s_caller.HoldsForAll(AccessScopes.Inference));
        Assert.True(s_caller.HoldsAny(AccessScopes.Inference));
        Assert.True(s_caller.HoldsForAll(AccessScopes.Metrics));
        Assert.False(s_caller.HoldsAny(AccessScopes.Control));
    }
}
