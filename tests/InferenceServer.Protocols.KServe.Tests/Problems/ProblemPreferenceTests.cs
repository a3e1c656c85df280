using InferenceServer.Protocols.KServe.Problems;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Problems;

public sealed class ProblemPreferenceTests
{
    [Theory]
    [InlineData(true, "application/problem+json")]
    [InlineData(true, "Application/Problem+JSON")]
    [InlineData(true, "application/problem+json;q=0.5")]
    [InlineData(true, "application/problem+json; q=0.5")]
    [InlineData(true, "application/problem+json;charset=utf-8;q=1")]
    [InlineData(true, "application/json, application/problem+json")]
    [InlineData(true, "application/json;q=0.9, application/problem+json")]
    [InlineData(true, "application/json;q=0.5", "application/problem+json;q=0.7")]
    [InlineData(true, "application/problem+json, */*")]
    [InlineData(true, "application/problem+json;q=0.2, application/json;q=0.1, */*")]
    [InlineData(false)]
    [InlineData(false, "")]
    [InlineData(false, "*/*")]
    [InlineData(false, "application/*")]
    [InlineData(false, "application/json")]
    [InlineData(false, "application/json, application/problem+json;q=0.5")]
    [InlineData(false, "application/problem+json;q=0.5, */*;q=0.8")]
    [InlineData(false, "application/problem+json;q=0.5, application/*")]
    [InlineData(false, "application/problem+json;q=0")]
    [InlineData(false, "application/problem+json;q=much")]
    [InlineData(false, "application/problem+json;q=2")]
    [InlineData(false, "application/problem+xml, text/application/problem+json")]
    public void Accept_IsHonouredByItsWeights(bool expected, params string[] lines) => Assert.Equal(expected, ProblemPreference.WantsDetails(lines));
}
