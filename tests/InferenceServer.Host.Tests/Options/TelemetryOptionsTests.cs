using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using InferenceServer.Host.Options;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class TelemetryOptionsTests
{
    [Theory]
    [InlineData("", false, false)]
    [InlineData("OTEL_SERVICE_NAME=a", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317", true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4317", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://c:4317", false, true)]
    [InlineData("OTEL_TRACES_EXPORTER=otlp", true, false)]
    [InlineData("OTEL_METRICS_EXPORTER=prometheus,otlp", false, true)]
    [InlineData("OTEL_METRICS_EXPORTER=prometheus", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317;OTEL_METRICS_EXPORTER=none", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317;OTEL_SDK_DISABLED=true", false, false)]
    public void Variables_SayWhatGoesToACollector(string variables, bool traces, bool metrics)
    {
        var (tracing, telemetry) = Read(variables, [], out var errors);
        Assert.Empty(errors);
        Assert.Equal((traces, metrics), (telemetry.Traces, telemetry.Metrics));
        Assert.Equal(traces, tracing.Spans is not null);
    }

    [Theory]
    [InlineData(null, null, TraceLevels.Timestamps, 1.0, true)]
    [InlineData("always_on", null, TraceLevels.Timestamps, 1.0, false)]
    [InlineData("always_off", null, TraceLevels.Off, 0.0, false)]
    [InlineData("parentbased_always_off", null, TraceLevels.Timestamps, 0.0, true)]
    [InlineData("traceidratio", "0.01", TraceLevels.Timestamps, 0.01, false)]
    [InlineData("parentbased_traceidratio", "0.3", TraceLevels.Timestamps, 0.3, true)]
    public void Sampler_OfTheVariables_HoldsWhereNothingElseIsSaid(string? sampler, string? argument, TraceLevels levels, double share, bool follows)
    {
        var variables = "OTEL_TRACES_EXPORTER=otlp" + (sampler is null ? "" : $";OTEL_TRACES_SAMPLER={sampler}") + (argument is null ? "" : $";OTEL_TRACES_SAMPLER_ARG={argument}");
        var (tracing, _) = Read(variables, [], out var errors);
        Assert.Empty(errors);
        Assert.Equal((levels, share, follows), (tracing.Start.Levels, tracing.Start.Share, tracing.FollowsCallers));
    }

    [Fact]
    public void TraceConfig_GoesBeforeTheSampler()
    {
        var (tracing, telemetry) = Read("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317;OTEL_RESOURCE_ATTRIBUTES=a=1", ["mode=opentelemetry", "opentelemetry,resource=b=2", "rate=50"], out var errors);
        Assert.Empty(errors);
        Assert.Equal((TraceLevels.Timestamps, 50L, null, false), (tracing.Start.Levels, tracing.Start.Rate, tracing.Start.Share, tracing.FollowsCallers));
        Assert.Equal("a=1,b=2", telemetry.Variables["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.Equal("http://localhost:4318/v1/traces", telemetry.Variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]);
    }

    [Theory]
    [InlineData("OTEL_TRACES_EXPORTER=zipkin", "OTEL_TRACES_EXPORTER", "'zipkin'")]
    [InlineData("OTEL_TRACES_EXPORTER=otlp;OTEL_TRACES_SAMPLER=sometimes", "OTEL_TRACES_SAMPLER", "'sometimes'")]
    [InlineData("OTEL_TRACES_EXPORTER=otlp;OTEL_TRACES_SAMPLER=traceidratio;OTEL_TRACES_SAMPLER_ARG=2", "OTEL_TRACES_SAMPLER_ARG", "'2'")]
    public void WrongVariable_IsToldByName(string variables, params string[] words)
    {
        Read(variables, [], out var errors);
        Assert.All(words, word => Assert.Contains(word, Assert.Single(errors), StringComparison.Ordinal));
    }

    [Fact]
    public void Level_WithNowhereToGo_IsRefused()
    {
        Read("", ["--trace-config=level=TIMESTAMPS"], out var errors);
        Assert.Contains("--trace-config=triton,file=", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("all", 1.0, true)]
    [InlineData("failed", 0.0, true)]
    [InlineData("off", 0.0, false)]
    [InlineData("0.25", 0.25, true)]
    public void LogRequests_SaysWhichHaveALine(string value, double share, bool failures)
    {
        var errors = new List<string>();
        Assert.Equal(new RequestLogOptions { Share = share, LogsFailures = failures, LinesPerSecond = 7 }, Reader("", [$"--log-requests={value}", "--log-requests-per-second=7"], errors).ReadRequestLog());
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("some")]
    [InlineData("1.5")]
    [InlineData("-1")]
    public void LogRequests_OtherThanThat_IsToldByName(string value)
    {
        var errors = new List<string>();
        Reader("", [$"--log-requests={value}"], errors).ReadRequestLog();
        Assert.Equal($"--log-requests: expected all, failed, off or a number from 0 to 1, got '{value}'", Assert.Single(errors));
    }

    [Fact]
    public void DurationBuckets_AreSeconds()
    {
        var errors = new List<string>();
        var options = Reader("", ["--metrics-config=duration_buckets=0.005,0.1,2", "--metrics-config=duration_histograms=off"], errors).ReadMetrics();
        Assert.Empty(errors);
        Assert.Equal([5, 100, 2000], options.DurationBounds);
        Assert.False(options.Telemetry.HasDurations);
    }

    [Theory]
    [InlineData("0.1,0.1")]
    [InlineData("0,1")]
    [InlineData("x")]
    public void DurationBuckets_ThatAreNone_AreToldByName(string value)
    {
        var errors = new List<string>();
        Reader("", [$"--metrics-config=duration_buckets={value}"], errors).ReadMetrics();
        Assert.Contains("duration_buckets expects numbers of seconds that ascend", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static (TraceOptions Tracing, OpenTelemetryOptions Telemetry) Read(string variables, string[] trace, out List<string> errors)
    {
        errors = [];
        return Reader(variables, [.. trace.Select(static value => value.StartsWith("--", StringComparison.Ordinal) ? value : $"--trace-config={value}")], errors).ReadTracing();
    }

    private static TelemetryReader Reader(string variables, string[] args, List<string> errors)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(variables.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(static pair => KeyValuePair.Create(pair[..pair.IndexOf('=', StringComparison.Ordinal)], (string?)pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..])))
            .Build();
        return new TelemetryReader(configuration, new OptionValues(configuration.GetSection(ServerOptionsReader.Section), CommandLine.Parse(args), errors), new MockFileSystem(), errors);
    }
}
