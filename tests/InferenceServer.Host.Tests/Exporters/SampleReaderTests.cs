using InferenceServer.Host.Exporters;
using InferenceServer.Host.Metrics;
using Xunit;

namespace InferenceServer.Host.Tests.Exporters;

public sealed class SampleReaderTests
{
    [Fact]
    public void WhatWasWritten_IsReadBackWithItsLabels()
    {
        var text = new MetricsText();
        text.Begin("a_total", MetricType.Counter, "What a is.");
        text.Sample("a_total", MetricsText.Label("model", "x\\y\"z\n{1}, b=\"c\"") + "," + MetricsText.Label("version", "1"), 3);
        text.Sample("a_total", "", double.PositiveInfinity);
        text.Begin("h", MetricType.Histogram, "Not one number.");
        text.Sample("h_bucket", MetricsText.Label("le", "1"), 1);
        text.Begin("g", MetricType.Gauge, "What g is.");
        text.Sample("g", MetricsText.Label("empty", ""), -0.5);
        var reader = new SampleReader();
        reader.Read(text.ToString());

        Assert.Equal([new SampleFamily("a_total", MetricType.Counter, "What a is."), new SampleFamily("g", MetricType.Gauge, "What g is.")], reader.Families);
        Assert.Equal(["a_total", "g"], reader.Samples.Keys.Order());
        var first = reader.Samples["a_total"][0];
        Assert.Equal(3, first.Value);
        Assert.Equal([new("model", "x\\y\"z\n{1}, b=\"c\""), new("version", "1")], first.Tags.ToArray());
        Assert.Equal(double.PositiveInfinity, reader.Samples["a_total"][1].Value);
        Assert.Equal([new KeyValuePair<string, object?>("empty", "")], reader.Samples["g"][0].Tags.ToArray());
        Assert.Equal(-0.5, reader.Samples["g"][0].Value);
    }
}
