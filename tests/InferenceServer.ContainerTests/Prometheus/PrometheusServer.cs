using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.ContainerTests.Prometheus;

/// <summary>A real Prometheus on loopback, with the rules of this project, that scrapes one server as often as it can.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;
    private readonly HttpClient _http;

    private PrometheusServer(Process process, string folder, HttpClient http)
    {
        _process = process;
        _folder = folder;
        _http = http;
    }

    /// <summary>Starts it and waits until it has scraped the target.</summary>
    /// <param name="target">Host and port of the metrics.</param>
    /// <param name="rules">Further rules, as a file of Prometheus.</param>
    public static async Task<PrometheusServer> StartAsync(string target, string rules)
    {
        var folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
        await File.WriteAllTextAsync($"{folder}/own.yml", rules);
        await File.WriteAllTextAsync($"{folder}/prometheus.yml", $"""
            global: {"{"} scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms {"}"}
            rule_files: [{RepositoryRoot.Path}/deploy/prometheus/recording.yml, {RepositoryRoot.Path}/deploy/prometheus/alerts.yml, {folder}/own.yml]
            scrape_configs:
              - job_name: inference-server
                static_configs: [{"{"} targets: ["{target}"] {"}"}]
            """);
        var port = FreePort();
        var start = new ProcessStartInfo("prometheus")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            ArgumentList = { $"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn" },
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        var server = new PrometheusServer(process, folder, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TestTimeouts.Phase });
        try
        {
            await server.WaitUntilReadyAsync();
            await server.WaitForAsync("up == 1");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>It listens some time before it answers queries.</summary>
    private async Task WaitUntilReadyAsync()
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Phase);
        while (!await IsReadyAsync())
        {
            Assert.False(_process.HasExited, "Prometheus ended");
            Assert.False(timeout.IsCancellationRequested, "Prometheus did not become ready");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri("-/ready", UriKind.Relative), TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }

    /// <summary>Asks for what a query gives now: its series.</summary>
    public async Task<JsonElement[]> QueryAsync(string query)
    {
        using var answer = await _http.GetAsync(new Uri($"api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{query}: {body}");
        return [.. JsonDocument.Parse(body).RootElement.GetProperty("data").GetProperty("result").EnumerateArray()];
    }

    /// <summary>Waits until a query gives something.</summary>
    public async Task WaitForAsync(string query)
    {
        using var timeout = new CancellationTokenSource(TestTimeouts.Phase);
        while (true)
        {
            Assert.False(_process.HasExited, "Prometheus ended");
            if ((await QueryAsync(query)).Length > 0)
            {
                return;
            }

            Assert.False(timeout.IsCancellationRequested, $"nothing came of {query}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
