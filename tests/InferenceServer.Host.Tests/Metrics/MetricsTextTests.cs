using InferenceServer.Host.Metrics;
using Xunit;

namespace InferenceServer.Host.Tests.Metrics;

public sealed class MetricsTextTests
{
    [Fact]
    public void Samples_FollowTheirFamily()
    {
        var text = new MetricsText();
        text.Begin("a_total", MetricType.Counter, "What a is.");
        text.Sample("a_total", MetricsText.Label("model", "m") + "," + MetricsText.Label("version", "1"), 3);
        text.Begin("b", MetricType.Histogram, "What b is.");
        text.Sample("b_count", "", 0.25);

        Assert.Equal("# HELP a_total What a is.\n# TYPE a_total counter\na_total{model=\"m\",version=\"1\"} 3\n# HELP b What b is.\n# TYPE b histogram\nb_count 0.25\n", text.ToString());
    }

    [Fact]
    public void Label_ValueWithQuotesAndLineFeeds_StaysOneLabel() => Assert.Equal("_x=\"a\\\\b\\\"c\\nd é\"", MetricsText.Label("_x", "a\\b\"c\nd é"));

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(0.001, "0.001")]
    [InlineData(12345678901234, "12345678901234")]
    public void Number_AnyValue_IsWrittenAsPrometheusReadsIt(double value, string expected) => Assert.Equal(expected, MetricsText.Number(value));
}
