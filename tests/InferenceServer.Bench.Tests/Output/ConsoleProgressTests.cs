using InferenceServer.Bench.Load;
using InferenceServer.Bench.Output;
using Xunit;

namespace InferenceServer.Bench.Tests.Output;

public sealed class ConsoleProgressTests
{
    private static readonly PointResult _result = new() { Requests = 10, Seconds = 1, Latency = new LatencyFigures(LatencyHistogram.Make()) };

    [Fact]
    public void Terminal_HasABarThatIsWrittenOver()
    {
        var text = Run(isTerminal: true, isQuiet: false);

        Assert.Contains("\r[############............] [1/2] a point: measuring", text, StringComparison.Ordinal);
        Assert.EndsWith($"[1/2] a point: {_result}{Environment.NewLine}", text, StringComparison.Ordinal);
        Assert.All(text.Split('\r'), static line => Assert.InRange(line.TrimEnd('\n').Length, 0, 160));
    }

    [Fact]
    public void Elsewhere_HasALineAPoint() => Assert.Equal($"[1/2] a point: {_result}{Environment.NewLine}", Run(isTerminal: false, isQuiet: false));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Quiet_HasNothing(bool isTerminal) => Assert.Empty(Run(isTerminal, isQuiet: true));

    private static string Run(bool isTerminal, bool isQuiet)
    {
        using var output = new StringWriter();
        var progress = new ConsoleProgress(output, isTerminal, isQuiet);
        progress.Begin("a point", 1, 2);
        progress.Warmed(1, WarmUpPlan.Fixed(TimeSpan.FromSeconds(1)), new WindowFigures(10, 0, 10, 1));
        progress.Measured(0.5);
        progress.End(_result);
        return output.ToString();
    }
}
