using InferenceServer.Core.Telemetry;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class MetricConfigTests
{
    private const string Family = "metric_identifier { family: \"nv_inference_first_response_histogram_ms\" }";

    [Theory]
    [InlineData("metric_tags { key: \"a b\" value: \"c\" }", 1, 13, "the name of a metric tag must be letters, digits and underscores, found 'a b'", "which becomes the label _team")]
    [InlineData("metric_tags { key: \"\" value: \"c\" }", 1, 13, "found ''", "_team")]
    [InlineData("metric_tags { key: \"é\" value: \"c\" }", 1, 13, "found 'é'", "_team")]
    [InlineData("model_metrics { metric_control { histogram_options { buckets: 1 } } }", 1, 32, "names no family of metrics", "nv_inference_first_response_histogram_ms")]
    [InlineData("model_metrics { metric_control { " + Family + " } }", 1, 32, "must specify non-empty 'buckets'", "[ 100, 500, 2000, 5000 ]")]
    [InlineData("model_metrics { metric_control { " + Family + " histogram_options { } } }", 1, 107, "must specify non-empty 'buckets'", "[ 100, 500, 2000, 5000 ]")]
    [InlineData("model_metrics { metric_control { " + Family + " histogram_options { buckets: [ 1, 3, 3 ] } } }", 1, 144, "numbers that ascend, found 3 after 3", null)]
    [InlineData("model_metrics { metric_control { " + Family + " histogram_options { buckets: nan } } }", 1, 136, "numbers that ascend, found NaN", null)]
    [InlineData("model_metrics { metric_control { " + Family + " histogram_options { buckets: 1 } } metric_control { " + Family + " histogram_options { buckets: 1 } } }", 1, 179, "set by metric_control[0] already", null)]
    public void TryDeclare_OneMistake_IsReportedOnceWithItsPlace(string text, int line, int column, string words, string? suggestion) =>
        ProblemAssert.Single(DeclareProblems(text), line, column, words, suggestion);

    [Fact]
    public void TryDeclare_TooManyBuckets_NamesTheLimit() => Assert.Contains(
        "101 buckets; this server takes at most 100",
        Assert.Single(DeclareProblems($"model_metrics {{ metric_control {{ {Family} histogram_options {{ buckets: [ {string.Join(',', Enumerable.Range(1, 101))} ] }} }} }}")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void TryDeclare_FamilyWithoutChoice_IsAWarning() =>
        ProblemAssert.Single(
            Declare("model_metrics { metric_control { metric_identifier { family: \"nv_inference_count\" } histogram_options { buckets: 1 } } }").Warnings,
            1, 54, "family 'nv_inference_count' has no effect", null);

    [Fact]
    public void TryComplete_TagsAndBuckets_AreInTheConfiguration()
    {
        var config = Complete(
            $$"""
            metric_tags { key: "team" value: "alpha" }
            metric_tags { key: "_x1" value: "any \"text\"" }
            model_metrics { metric_control { {{Family}} histogram_options { buckets: [ 0.5, 20 ] } } }
            """,
            Batchable);

        Assert.Equal([KeyValuePair.Create("_x1", "any \"text\""), KeyValuePair.Create("team", "alpha")], config.MetricTags);
        Assert.Equal([0.5, 20], config.FirstResponseBounds);
    }

    [Fact]
    public void TryComplete_NothingOfMetrics_HasTheUsualBuckets()
    {
        var config = Complete("", Batchable);

        Assert.Empty(config.MetricTags);
        Assert.Equal(LatencyHistogram.DefaultBounds, config.FirstResponseBounds);
    }
}
