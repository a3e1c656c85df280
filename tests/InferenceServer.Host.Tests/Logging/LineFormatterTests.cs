using InferenceServer.Host.Logging;
using Serilog.Events;
using Serilog.Parsing;
using Xunit;

namespace InferenceServer.Host.Tests.Logging;

public sealed class LineFormatterTests
{
    [Theory]
    [InlineData("a\nb", "a\\nb")]
    [InlineData("a\r\nERR forged", "a\\r\\nERR forged")]
    [InlineData("a\u001b[2Kb", "a\\u001B[2Kb")]
    [InlineData("tab\there", "tab\\there")]
    [InlineData("a\u2028b\u0085c", "a\\u2028b\\u0085c")]
    [InlineData("a\u202Eb\u2066c\u200Fd", "a\\u202Eb\\u2066c\\u200Fd")]
    [InlineData("é 漢 😀", "é 漢 😀")]
    public void Value_OfAnybody_StaysInItsLine(string value, string expected) => Assert.Equal($"INF model {expected} end\n", Format(value, null));

    [Fact]
    public void Exception_FollowsWithEachOfItsLinesSetIn()
    {
        var text = Format("m", new InvalidOperationException("first\nINF forged\r\n\u001b[31m"));
        var lines = text.Split('\n');
        Assert.Equal("INF model m end", lines[0]);
        Assert.Equal("    System.InvalidOperationException: first", lines[1]);
        Assert.Equal("    INF forged", lines[2]);
        Assert.Equal("    \\u001B[31m", lines[3]);
    }

    private static string Format(string value, Exception? exception)
    {
        var template = new MessageTemplateParser().Parse("model {Model} end");
        using var output = new StringWriter();
        new LineFormatter("{Level:u3} {Message:lj}").Format(new LogEvent(DateTimeOffset.UnixEpoch, LogEventLevel.Information, exception, template, [new LogEventProperty("Model", new ScalarValue(value))]), output);
        return output.ToString();
    }
}
