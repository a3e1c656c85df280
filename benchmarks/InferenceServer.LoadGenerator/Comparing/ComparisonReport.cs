using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Bench.Addresses;
using InferenceServer.LoadGenerator.Answers;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Comparing;

/// <summary>The table together with what a reader needs to judge and repeat it.</summary>
internal static class ComparisonReport
{
    public static string Markdown(ComparisonPlan plan, RecordedWorkload workload, LoadTarget server, IReadOnlyList<ComparisonRow> rows)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Model `{plan.Model}`, {plan.Rows} row(s) a request; medians over {plan.Rounds} rounds of ");
        text.Append(CultureInfo.InvariantCulture, $"{plan.Measure.TotalSeconds:0.##} s after {plan.WarmUp.TotalSeconds:0.##} s of warm-up, {plan.Settle.TotalSeconds:0.##} s a side and encoding before the first; ");
        text.Append(CultureInfo.InvariantCulture, $"the ratio is the median of the rounds' own ratios. Client, server and echo share {Environment.ProcessorCount} cores ");
        text.Append(CultureInfo.InvariantCulture, $"({RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}, ");
        text.Append(CultureInfo.InvariantCulture, $"{(GCSettings.IsServerGC ? "server" : "workstation")} GC).\n");
        foreach (var encoding in plan.Encodings)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{encoding}: request {workload.Requests.For(encoding, server).Length} bytes, answer body {workload.Expected(encoding).Length} bytes. ");
        }

        text.Append(workload.Check == AnswerCheck.Values ? "The values of the first answers were checked" : "The names, types and shapes of the first answers were checked");
        text.Append(plan.ExactAnswers ? "; every later answer was compared with them byte by byte.\n\n" : "; of later answers only the status.\n\n");
        return text.Append(ComparisonTable.Markdown(rows, plan.RpcEcho)).ToString();
    }
}
