using InferenceServer.Core.Telemetry;
using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class MetricsConfigReaderTests
{
    [Fact]
    public void Nothing_GivesTritonsDefaults()
    {
        var options = Read(out var problems);

        Assert.Empty(problems);
        Assert.Equal((true, false, false), (options.CounterLatencies, options.HistogramLatencies, options.SummaryLatencies));
        Assert.Equal([0.5, 0.9, 0.95, 0.99, 0.999], options.SummaryQuantiles.Select(static target => target.Quantile));
        Assert.Empty(options.Telemetry.SummaryQuantiles);
        Assert.False(options.Telemetry.HasHistograms);
    }

    [Fact]
    public void Settings_AreReadAndTheLastOfAnOptionCounts()
    {
        var options = Read(out var problems, "counter_latencies=false", "histogram_latencies=0", "histogram_latencies=On", "summary_latencies=1", "summary_quantiles=0.5:0.05,1:0.01", "summary_quantiles=0.25:1e-2");

        Assert.Empty(problems);
        Assert.Equal((false, true, true), (options.CounterLatencies, options.HistogramLatencies, options.SummaryLatencies));
        Assert.Equal([new QuantileTarget(0.25, 0.01)], options.Telemetry.SummaryQuantiles);
        Assert.True(options.Telemetry.HasHistograms);
    }

    [Theory]
    [InlineData("counter_latencies", "expected <setting>=<value>, got 'counter_latencies'")]
    [InlineData("counter_latencies=yes", "counter_latencies expects true or false, got 'yes'")]
    [InlineData("histogram_latencies=", "histogram_latencies expects true or false, got ''")]
    [InlineData("sumary_latencies=true", "'sumary_latencies' is no setting of the metrics, expected counter_latencies, histogram_latencies, summary_latencies, summary_quantiles, duration_histograms, duration_buckets; did you mean 'summary_latencies'?")]
    [InlineData("summary_quantiles=0.5", "summary_quantiles expects <quantile>:<error>,... with numbers from 0 to 1, got '0.5'")]
    [InlineData("summary_quantiles=0.5:0.1,", "summary_quantiles expects <quantile>:<error>,... with numbers from 0 to 1, got ''")]
    [InlineData("summary_quantiles=1.5:0.1", "summary_quantiles expects <quantile>:<error>,... with numbers from 0 to 1, got '1.5:0.1'")]
    [InlineData("summary_quantiles=0.5:-0.1", "summary_quantiles expects <quantile>:<error>,... with numbers from 0 to 1, got '0.5:-0.1'")]
    [InlineData("summary_quantiles=0.5:0", "summary_quantiles expects an error of at least 0.0001, since a smaller one would keep every measurement, got '0.5:0'")]
    [InlineData("summary_quantiles=nan:0.1", "summary_quantiles expects <quantile>:<error>,... with numbers from 0 to 1, got 'nan:0.1'")]
    [InlineData("summary_quantiles=0.5:0.1,0.50:0.2", "summary_quantiles names the quantile 0.5 twice")]
    [InlineData("summary_quantiles=0:1,.1:1,.2:1,.3:1,.4:1,.5:1,.6:1,.7:1,.8:1,.9:1,1:1,.11:1,.12:1,.13:1,.14:1,.15:1,.16:1,.17:1,.18:1,.19:1,.21:1", "summary_quantiles names 21 quantiles, expected at most 20")]
    public void Mistake_IsToldOnce(string setting, string problem)
    {
        Read(out var problems, setting);

        Assert.Equal(problem, Assert.Single(problems));
    }

    [Fact]
    public void Mistakes_AreAllTold()
    {
        Read(out var problems, "a=1", "summary_quantiles=x,y", "counter_latencies=2");

        Assert.Equal(4, problems.Count);
    }

    private static MetricsOptions Read(out List<string> problems, params string[] values)
    {
        problems = [];
        return MetricsConfigReader.Read(values, problems);
    }
}
