using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class ResponseCacheConfigTests
{
    [Theory]
    [InlineData("response_cache { enable: true }", true)]
    [InlineData("response_cache { enable: false }", false)]
    [InlineData("response_cache { }", false)]
    [InlineData("", false)]
    public void Flag_IsHandedOnWithoutAWarning(string text, bool isOn)
    {
        var config = Complete(text, Batchable);

        Assert.Equal(isOn, config.UsesResponseCache);
        Assert.Empty(config.Warnings);
        Assert.Equal(isOn, config.ToMessage().ResponseCache?.Enable ?? false);
    }

    [Fact]
    public void DecoupledModel_IsRefused() => ProblemAssert.Single(
        DeclareProblems("model_transaction_policy { decoupled: true }\nresponse_cache { enable: true }"), 2, 1, "response_cache|decoupled", "leave out response_cache");

    [Fact]
    public void ModelOfSequences_IsRefused() => Assert.Contains(
        DeclareProblems("sequence_batching { } response_cache { enable: true }"), static problem => problem.ToString().Contains("depends on those before it", StringComparison.Ordinal));

    [Fact]
    public void FlagThatIsOff_GoesWithDecoupled() => Assert.False(Declare("model_transaction_policy { decoupled: true } response_cache { enable: false }").UsesResponseCache);
}
