using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

/// <summary>A latency target is kept by the choice of batches: where there are none to choose, it is an error, whichever way it comes to that.</summary>
public sealed class LatencyTargetRuleTests
{
    private const string Target = "parameters { key: \"latency_target_ms\" value { string_value: \"20\" } }";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void TryDeclare_TargetWithoutBatches_IsAnError(int size) => ProblemAssert.Single(
        DeclareProblems($"max_batch_size: {size} {Target}"), 1, 30, $"parameter 'latency_target_ms' decides on batches|max_batch_size is {size}", "write the largest batch that the model takes as max_batch_size");

    [Fact]
    public void TryDeclare_TargetOfADecoupledModel_IsAnError() => ProblemAssert.Single(
        DeclareProblems($"{Target} max_batch_size: 4 model_transaction_policy {{ decoupled: true }}"), 1, 12, "parameter 'latency_target_ms'|a decoupled model's requests are not put into", "leave it out");

    [Fact]
    public void TryComplete_TargetOfAModelThatTurnsOutNotToBatch_IsAnError() => ProblemAssert.Single(
        CompleteProblems(Target, Fixed), 1, 12, "parameter 'latency_target_ms' decides on batches|max_batch_size is not given and so is 0", "write the largest batch that the model takes as max_batch_size");

    [Fact]
    public void TryComplete_TargetWhereTheServersDefaultIsOne_IsAnError() => ProblemAssert.Single(
        CompleteProblems(Target, Batchable, new ModelCompletionOptions { DefaultMaxBatchSize = 1 }), 1, 12, "max_batch_size is not given and so is 1", null);

    [Theory]
    [InlineData("")]
    [InlineData("max_batch_size: 16")]
    public void TryComplete_TargetOfAModelThatBatches_IsTaken(string size) =>
        Assert.Equal(TimeSpan.FromMilliseconds(20), Complete($"{size} {Target}", Batchable).DynamicBatching?.LatencyTarget);
}
