using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Core.Tracing;
using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class TraceConfigReaderTests
{
    [Fact]
    public void NoValues_TraceNothing()
    {
        Assert.Equal(new TraceOptions(), Read([], out var errors).Options);
        Assert.Empty(errors);
    }

    [Fact]
    public void Values_AreTakenWithTheModeAndWithout()
    {
        var options = Read(["triton,file=/traces/t.json", "mode=triton", "triton,log-frequency=50", "rate=100", "level=TIMESTAMPS", "level=tensors", "triton,count=7", "max-bytes=1000"], out var errors).Options;
        Assert.Empty(errors);
        Assert.Equal(new TraceSettings(TraceLevels.Timestamps | TraceLevels.Tensors, 100, 7, 50), options.Start);
        Assert.Equal(("/traces/t.json", 1000), (options.File, options.MaxBytes));
    }

    [Theory]
    [InlineData("url=http://collector:4318", "mode=opentelemetry")]
    [InlineData("opentelemetry,url=collector", "url", "'collector'")]
    [InlineData("opentelemetry,resource=service", "resource", "'service'")]
    [InlineData("opentelemetry,spans=all", "one or phases", "'all'")]
    [InlineData("opentelemetry,bsp_schedule_delay=soon", "bsp_schedule_delay", "'soon'")]
    [InlineData("mode=jaeger", "'jaeger'")]
    [InlineData("jaeger,file=x", "'jaeger'")]
    [InlineData("triton", "expected <key>=<value>", "'triton'")]
    [InlineData("file=", "file", "nothing")]
    [InlineData("file=/traces", "folder", "'/traces'")]
    [InlineData("file=/nowhere/t.json", "does not exist", "'/nowhere/t.json'")]
    [InlineData("rate=-1", "rate", "at least 0", "'-1'")]
    [InlineData("rate=often", "rate", "'often'")]
    [InlineData("count=-2", "count", "-1", "'-2'")]
    [InlineData("log-frequency=-1", "log-frequency", "'-1'")]
    [InlineData("max-bytes=0", "max-bytes", "'0'")]
    [InlineData("level=MUCH", "level", "'MUCH'")]
    [InlineData("log_frequency=1", "log_frequency", "did you mean 'log-frequency'")]
    public void WrongValue_IsToldOnceAndByName(string value, params string[] words)
    {
        Read([value], out var errors);
        var error = Assert.Single(errors);
        Assert.StartsWith("--trace-config: ", error, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
    }

    [Fact]
    public void LevelsThatExcludeEachOther_AreRefused()
    {
        Read(["file=/traces/t.json", "level=OFF", "level=TENSORS"], out var errors);
        Assert.Contains("OFF with others", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Mode_ThatIsNotThere_IsToldOnce()
    {
        Read(["mode=jaeger", "jaeger,url=x", "jaeger,resource=a=b"], out var errors);
        Assert.Single(errors);
    }

    [Fact]
    public void CollectorsSettings_BecomeOpenTelemetrysVariables()
    {
        var config = Read(["mode=opentelemetry", "opentelemetry,url=http://collector:4318/v1/traces", "resource=service.name=a", "opentelemetry,resource=team=b,c", "opentelemetry,bsp_max_queue_size=7", "spans=one", "rate=0"], out var errors);
        Assert.Empty(errors);
        Assert.True(config is { WantsSpans: true, HasPhases: false, HasSampling: true, HasLevels: false });
        Assert.Equal(
            ["OTEL_BSP_MAX_QUEUE_SIZE=7", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4318/v1/traces", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf", "OTEL_RESOURCE_ATTRIBUTES=service.name=a,team=b,c"],
            config.Variables.Select(static pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal("http://localhost:4318/v1/traces", Read(["mode=opentelemetry"], out _).Variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]);
    }

    private static TraceConfig Read(string[] values, out List<string> errors)
    {
        var files = new MockFileSystem();
        files.AddDirectory("/traces");
        errors = [];
        return new TraceConfigReader(files, "--trace-config", errors).Read(values);
    }
}
