using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

internal static class HtmlReport
{
    public static byte[] Of(BenchResult result) => System.Text.Encoding.UTF8.GetBytes(ResultText.Of(result));
}
