using System.IO.Abstractions;
using System.Text.Json;
using InferenceServer.Bench.Commands;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

/// <summary>One run of <c>bench</c> in the test's process, with its reports.</summary>
internal sealed record BenchCall(int Code, string Output, string Errors, JsonElement Json, string Html)
{
    /// <summary>Short windows: no test says how fast anything is.</summary>
    private static readonly string[] s_short = ["--seconds", "0.5", "--window", "0.05", "--max-windows", "3"];

    /// <summary>Every round of every point, by server.</summary>
    public IEnumerable<JsonElement> Results => Points.SelectMany(static point => point.GetProperty("rounds").EnumerateArray()).SelectMany(static round => round.EnumerateArray());

    public IEnumerable<JsonElement> Points => Json.GetProperty("points").EnumerateArray();

    /// <summary>The addresses of a server, for the command line.</summary>
    public static string[] Of(RunningServer server) => ["--url", server.Http.BaseAddress!.Authority, "--grpc-url", server.RpcAddress];

    public static async Task<BenchCall> RunAsync(params string[] args)
    {
        using var folder = new TemporaryDirectory();
        var (json, html) = (Path.Combine(folder.FullPath, "out.json"), Path.Combine(folder.FullPath, "out.html"));
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var command = new BenchCommand(new FileSystem(), static _ => null, TimeProvider.System);
        string[] all = [.. args, .. s_short.Chunk(2).Where(pair => !args.Contains(pair[0])).SelectMany(static pair => pair), "--json", json, "--html", html];
        var code = await command.RunAsync(all, output, errors, isTerminal: false, TestContext.Current.CancellationToken);
        return new BenchCall(
            code,
            output.ToString(),
            errors.ToString(),
            File.Exists(json) ? JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(json)) : default,
            File.Exists(html) ? await File.ReadAllTextAsync(html) : "");
    }

    /// <summary>Requests were answered, and none failed.</summary>
    public BenchCall AssertClean()
    {
        Assert.True(Code == BenchCommand.Success, $"{Output}\n{Errors}");
        Assert.All(Results, static result =>
        {
            Assert.True(result.GetProperty("requests").GetInt64() > 0);
            Assert.Equal(0, result.GetProperty("errors").GetArrayLength());
            Assert.Equal(0, result.GetProperty("warm_up_errors").GetArrayLength());
            var latency = result.GetProperty("latency_ms");
            double[] ascending = [.. new[] { "p50", "p90", "p95", "p99", "p99.9", "max" }.Select(name => latency.GetProperty(name).GetDouble())];
            Assert.True(ascending[0] > 0);
            Assert.Equal(ascending.Order(), ascending);
        });
        return this;
    }
}
