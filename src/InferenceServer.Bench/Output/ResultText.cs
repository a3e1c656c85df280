using System.Globalization;
using System.Text;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

/// <summary>A result as it is printed: tables, then what a reader has to know.</summary>
internal static class ResultText
{
    public static string Of(BenchResult result)
    {
        var text = new StringBuilder();
        text.Append(Heading(result)).Append("\n\n");
        foreach (var table in ResultTables.Of(result))
        {
            text.Append(CultureInfo.InvariantCulture, $"{table.Title}:\n\n{table}\n");
        }

        foreach (var sweep in result.Sweeps)
        {
            text.Append(SweepText.Of(result.Plan, sweep)).Append('\n');
        }

        foreach (var note in result.Notes)
        {
            text.Append("Note: ").Append(note).Append('\n');
        }

        if (result.IsCutShort)
        {
            text.Append("Note: the run was ended early; this is what was measured until then.");
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>What was measured, in one sentence.</summary>
    public static string Heading(BenchResult result)
    {
        var (plan, load) = (result.Plan, result.Plan.Loads[0]);
        var loop = load.Rate is null ? "closed loop" : $"open loop with {(load.IsPoisson ? "Poisson" : "constant")} arrivals";
        var rounds = plan.Rounds > 1 ? string.Create(CultureInfo.InvariantCulture, $", medians over {plan.Rounds} rounds") : "";
        return string.Create(CultureInfo.InvariantCulture, $"Model `{plan.Model}`{(plan.Version is { } version ? $" version {version}" : "")}, {Rows(result)}{(plan.SharedMemory is null ? "" : ", tensors in shared memory")}; {loop}, {plan.Measure.TotalSeconds:0.##} s a point{rounds}.");
    }

    private static string Rows(BenchResult result)
    {
        var rows = result.Points.SelectMany(static point => point.Results).Select(static one => one.Rows).FirstOrDefault(1);
        return string.Create(CultureInfo.InvariantCulture, $"{rows:0.##} row{(rows == 1 ? "" : "s")} a request");
    }
}
