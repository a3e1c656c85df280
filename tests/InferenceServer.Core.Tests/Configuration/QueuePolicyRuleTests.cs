using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class QueuePolicyRuleTests
{
    [Theory]
    [InlineData("priority_levels: 1025 default_priority_level: 1", 1, 20, "priority_levels must be at most 1024, found 1025")]
    [InlineData("priority_levels: 2", 1, 20, "default_priority_level must be from 1 to priority_levels, which is 2, found 0")]
    [InlineData("priority_levels: 2 default_priority_level: 3", 1, 39, "default_priority_level must be from 1 to priority_levels, which is 2, found 3")]
    [InlineData("priority_queue_policy { key: 2 value { } }", 1, 42, "there is no priority level 2: priority_levels is 0")]
    [InlineData("priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 3 value { } }", 1, 87, "there is no priority level 3: priority_levels is 2")]
    [InlineData("preserve_ordering: true priority_levels: 2 default_priority_level: 1", 1, 20, "preserve_ordering cannot hold with priority_levels, which is 2")]
    [InlineData("preserve_ordering: true default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 5 }", 1, 20, "preserve_ordering cannot hold with the timeout_action DELAY of default_queue_policy")]
    [InlineData("preserve_ordering: true } model_transaction_policy { decoupled: true", 1, 20, "preserve_ordering cannot hold for a decoupled model")]
    [InlineData("} parameters { key: \"max_starvation_ms\" value { string_value: \"soon\" }", 1, 33, "'max_starvation_ms' must be a whole number of milliseconds from 0 to 86400000, found 'soon'")]
    [InlineData("priority_queue_policy { key: 1 value { default_timeout_microseconds: 18446744073709551615 } }", 1, 42, "default_timeout_microseconds must be at most")]
    [InlineData("max_queue_delay_microseconds: 5 } max_batch_size: 8 parameters { key: \"latency_target_ms\" value { string_value: \"5\" }", 1, 20, "max_queue_delay_microseconds and the parameter 'latency_target_ms' both say")]
    [InlineData("preferred_batch_size: 4 } max_batch_size: 8 parameters { key: \"latency_target_ms\" value { string_value: \"5\" }", 1, 20, "preferred_batch_size and the parameter 'latency_target_ms' both say")]
    [InlineData("} max_batch_size: 8 parameters { key: \"latency_target_ms\" value { string_value: \"0\" }", 1, 51, "'latency_target_ms' must be a number of milliseconds above 0")]
    public void TryDeclare_PoliciesThatCannotHold_AreErrors(string text, int line, int column, string words) =>
        ProblemAssert.Single(DeclareProblems($"dynamic_batching {{ {text} }}"), line, column, words, null);

    [Theory]
    [InlineData("dynamic_batching { default_priority_level: 2 }", 1, 20, "default_priority_level has no effect")]
    [InlineData("parameters { key: \"max_starvation_ms\" value { string_value: \"5\" } }", 1, 12, "'max_starvation_ms' has no effect")]
    public void TryDeclare_PoliciesThatMeanNothing_AreWarnings(string text, int line, int column, string words) =>
        ProblemAssert.Single(Declare(text).Warnings, line, column, words, null);

    [Fact]
    public void TryDeclare_EveryPolicy_IsTaken() => Assert.Empty(Declare("""
        parameters { key: "max_starvation_ms" value { string_value: "0" } }
        dynamic_batching {
          priority_levels: 3 default_priority_level: 3
          default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1000 allow_timeout_override: true max_queue_size: 7 }
          priority_queue_policy { key: 1 value { timeout_action: REJECT default_timeout_microseconds: 10 } }
        }
        """).Warnings);
}
