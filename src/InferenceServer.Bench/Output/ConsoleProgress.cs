using System.Globalization;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

/// <summary>A bar on a terminal, a line a point elsewhere, nothing where it is not wanted.</summary>
/// <param name="output">Where to.</param>
/// <param name="isTerminal">Whether a line there can be written over.</param>
/// <param name="isQuiet">Whether nothing is to be said.</param>
internal sealed class ConsoleProgress(TextWriter output, bool isTerminal, bool isQuiet) : IBenchProgress
{
    private const int BarCells = 24;
    private const int LineCells = 110;

    private string _name = "";

    public void Begin(string name, int number, int? count)
    {
        _name = string.Create(CultureInfo.InvariantCulture, $"[{number}{(count is { } all ? $"/{all}" : "")}] {name}");
        Draw(0, "opening connections");
    }

    public void Warmed(int count, WarmUpPlan plan, WindowFigures window) => Draw(
        0,
        string.Create(CultureInfo.InvariantCulture, $"warm-up window {count} of at most {plan.MaxWindows}, {Figures.Rate(window.RequestsPerSecond)} req/s"));

    public void Measured(double part) => Draw(part, "measuring");

    public void End(PointResult result)
    {
        if (isQuiet)
        {
            return;
        }

        Erase();
        output.WriteLine($"{_name}: {result}");
    }

    /// <summary>Takes the bar away.</summary>
    public void Erase()
    {
        if (isTerminal && !isQuiet)
        {
            output.Write('\r' + new string(' ', LineCells) + '\r');
            output.Flush();
        }
    }

    private void Draw(double part, string what)
    {
        if (!isTerminal || isQuiet)
        {
            return;
        }

        var filled = (int)Math.Round(Math.Clamp(part, 0, 1) * BarCells);
        var line = $"[{new string('#', filled)}{new string('.', BarCells - filled)}] {_name}: {what}";
        output.Write('\r' + (line.Length > LineCells ? line[..LineCells] : line.PadRight(LineCells)));
        output.Flush();
    }
}
