using System.Text.RegularExpressions;
using InferenceServer.ContainerTests.Deploy;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.ContainerTests.Prometheus;

/// <summary>The rules by Prometheus' own tool, and the running server scraped by a real Prometheus.</summary>
public sealed partial class PrometheusTests(ToolsFixture tools)
{
    private const string AddSub = """
        {"inputs":[
          {"name":"INPUT0","datatype":"FP32","shape":[1,16],"data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]},
          {"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]}
        """;

    /// <summary>Rules that fire at once, on what every server shows and on what these requests cause.</summary>
    private const string QuickRules = """
        groups:
          - name: quick
            rules:
              - alert: SomebodyAsked
                expr: sum by (model) (nv_inference_request_success{model="add_sub"}) > 0
                for: 500ms
              - alert: NobodyAsked
                expr: sum by (model) (nv_inference_request_success{model="wine"}) > 0
        """;

    private static string Folder => Path.Combine(RepositoryRoot.Path, "deploy/prometheus");

    [Theory]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("check", "rules", "recording.yml")]
    [InlineData("check", "rules", "alerts.yml")]
    [InlineData("test", "rules", "tests.yml")]
    public async Task Promtool_IsContent(string verb, string what, string file)
    {
        tools.Require();

        var (exitCode, output) = await Command.RunAsync("promtool", verb, what, Path.Combine(Folder, file));

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task Prometheus_ThatScrapesTheServer_FiresRulesAndAnswersTheDashboard()
    {
        tools.Require();

        // One after the other, so that what each takes can be told.
        await using var server = await RunningServer.StartAsync(Path.Combine(RepositoryRoot.Path, "model-repository"), flags: "--model-load-thread-count=1");
        await using var prometheus = await PrometheusServer.StartAsync(new Uri(server.MetricsAddress).Authority, QuickRules);
        using var traffic = new CancellationTokenSource();
        var asking = AskAsync(server.Http, traffic.Token);

        await prometheus.WaitForAsync("""ALERTS{alertname="SomebodyAsked", alertstate="firing"}""");
        Assert.Empty(await prometheus.QueryAsync("""ALERTS{alertname="NobodyAsked"}"""));
        Assert.Empty(await prometheus.QueryAsync("""ALERTS{alertname=~"Inference.*", alertstate="firing"}"""));
        await prometheus.WaitForAsync("""model:inference_requests:rate5m{model="add_sub"} > 0""");
        await prometheus.WaitForAsync("""rate(inference_server_batch_release_total{model="add_sub"}[30s]) > 0""");

        var families = FamilyLine().Matches(await server.Http.GetStringAsync(new Uri(server.MetricsAddress), TestContext.Current.CancellationToken)).Select(static match => match.Groups[1].Value).ToHashSet();
        foreach (var (panel, query) in Dashboard.Queries())
        {
            var missing = FamilyName().Matches(query).Select(match => families.Contains(match.Value) ? match.Value : BucketEnding().Replace(match.Value, "")).Where(family => !families.Contains(family)).ToArray();
            Assert.Empty(missing);
            Assert.True((await prometheus.QueryAsync(query)).Length > 0, $"{panel}: nothing came of {query}");
        }

        await traffic.CancelAsync();
        await asking;
    }

    private static async Task AskAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                using var answer = await http.PostAsync("v2/models/add_sub/infer", new StringContent(AddSub), cancellationToken);
                answer.EnsureSuccessStatusCode();
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Enough.
        }
    }

    [GeneratedRegex("^# TYPE ([a-z0-9_]+) ", RegexOptions.Multiline)]
    private static partial Regex FamilyLine();

    [GeneratedRegex(@"\b(nv|inference_server|process|dotnet)_[a-z0-9_]+")]
    private static partial Regex FamilyName();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex BucketEnding();
}
