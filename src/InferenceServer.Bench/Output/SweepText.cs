using System.Globalization;
using System.Text;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

/// <summary>What a sweep found, in sentences.</summary>
internal static class SweepText
{
    public static string Of(BenchPlan plan, SweepResult sweep)
    {
        var isOpen = plan.Loads[0].Rate is not null;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{sweep.Encoding.Title()}: ");
        text.Append(sweep.Knee is { } knee
            ? string.Create(CultureInfo.InvariantCulture, $"the knee is at {Load(knee.Amount, isOpen)}: {Figures.Rate(knee.Throughput)} req/s, mean {Figures.Ms(knee.MeanMs)} ms, {Figures.Percentile(plan.Percentile)} {Figures.Ms(knee.PercentileMs)} ms.")
            : "no load was free of failures, so there is no knee.");
        text.Append('\n');
        if (plan.Sweep?.TargetMs is { } target)
        {
            text.Append(CultureInfo.InvariantCulture, $"{sweep.Encoding.Title()}: ");
            text.Append(sweep.Largest is { } largest
                ? string.Create(CultureInfo.InvariantCulture, $"the largest load with {Figures.Percentile(plan.Percentile)} within {target:0.###} ms is {Load(largest.Amount, isOpen)}: {Figures.Rate(largest.Throughput)} req/s, {Figures.Percentile(plan.Percentile)} {Figures.Ms(largest.PercentileMs)} ms.")
                : string.Create(CultureInfo.InvariantCulture, $"no load that was measured has {Figures.Percentile(plan.Percentile)} within {target:0.###} ms."));
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Load(double amount, bool isOpen) => isOpen
        ? $"{Figures.Rate(amount)} requests due a second"
        : string.Create(CultureInfo.InvariantCulture, $"{amount:0} connection{(amount == 1 ? "" : "s")}");
}
