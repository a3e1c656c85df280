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
        Assert.Equal(new TraceOptions(), Read([], out var errors));
        Assert.Empty(errors);
    }

    [Fact]
    public void Values_AreTakenWithTheModeAndWithout()
    {
        var options = Read(["triton,file=/traces/t.json", "mode=triton", "triton,log-frequency=50", "rate=100", "level=TIMESTAMPS", "level=tensors", "triton,count=7", "max-bytes=1000"], out var errors);
        Assert.Empty(errors);
        Assert.Equal(new TraceSettings(TraceLevels.Timestamps | TraceLevels.Tensors, 100, 7, 50), options.Start);
        Assert.Equal(("/traces/t.json", 1000), (options.File, options.MaxBytes));
    }

    [Theory]
    [InlineData("mode=opentelemetry", "opentelemetry", "triton")]
    [InlineData("opentelemetry,url=http://collector:4318", "opentelemetry")]
    [InlineData("mode=jaeger", "'jaeger'")]
    [InlineData("jaeger,file=x", "'jaeger'")]
    [InlineData("triton", "expected <key>=<value>", "'triton'")]
    [InlineData("file=", "file", "nothing")]
    [InlineData("file=/traces", "folder", "'/traces'")]
    [InlineData("file=/nowhere/t.json", "does not exist", "'/nowhere/t.json'")]
    [InlineData("rate=0", "rate", "at least 1", "'0'")]
    [InlineData("rate=often", "rate", "'often'")]
    [InlineData("count=-2", "count", "-1", "'-2'")]
    [InlineData("log-frequency=-1", "log-frequency", "'-1'")]
    [InlineData("max-bytes=0", "max-bytes", "'0'")]
    [InlineData("level=MUCH", "level", "'MUCH'")]
    [InlineData("log_frequency=1", "log_frequency", "did you mean 'log-frequency'")]
    [InlineData("level=TIMESTAMPS", "no file", "--trace-config=triton,file=")]
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
        Read(["mode=opentelemetry", "opentelemetry,url=x", "opentelemetry,resource=a=b"], out var errors);
        Assert.Single(errors);
    }

    private static TraceOptions Read(string[] values, out List<string> errors)
    {
        var files = new MockFileSystem();
        files.AddDirectory("/traces");
        errors = [];
        return new TraceConfigReader(files, "--trace-config", errors).Read(values);
    }
}
