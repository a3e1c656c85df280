using System.IO.Abstractions.TestingHelpers;
using System.Net;
using InferenceServer.Host.Certificates;
using InferenceServer.Host.Options;
using InferenceServer.Host.Probing;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace InferenceServer.Host.Tests.Probing;

public sealed class ProbeCommandTests
{
    [Theory]
    [InlineData("0.0.0.0", "http://127.0.0.1:8000/")]
    [InlineData("::", "http://[::1]:8000/")]
    [InlineData("127.0.0.2", "http://127.0.0.2:8000/")]
    [InlineData("::1", "http://[::1]:8000/")]
    public void AddressOf_WhereAServerListens_IsReachedFromItsMachine(string listens, string expected) =>
        Assert.Equal(expected, ProbeCommand.AddressOf(new IPEndPoint(IPAddress.Parse(listens), 8000), hasTls: false).AbsoluteUri);

    /// <summary>Whoever has no certificate asks where none is wanted.</summary>
    [Theory]
    [InlineData("", "http://127.0.0.1:8000/")]
    [InlineData("http", "https://127.0.0.1:8000/")]
    [InlineData("http mutual", "http://127.0.0.1:8002/")]
    [InlineData("http mutual, metrics", "https://127.0.0.1:8002/")]
    [InlineData("http mutual, metrics mutual", null)]
    [InlineData("no http", "http://127.0.0.1:8002/")]
    [InlineData("no http, no metrics", null)]
    public void FindAddress_OfAServer_IsAPortThatCanBeAsked(string server, string? expected)
    {
        var words = server.Split(", ");
        var options = ServerOptionsReader.Read(
            new ConfigurationBuilder().Build(),
            CommandLine.Parse(["--http-address=127.0.0.1", "--metrics-address=127.0.0.1", .. words.Contains("no http") ? ["--allow-http=false"] : Array.Empty<string>(), .. words.Contains("no metrics") ? ["--allow-metrics=false"] : Array.Empty<string>()]),
            "/models",
            new MockFileSystem(new Dictionary<string, MockFileData> { ["/models/m/1/readme"] = new("") }),
            [],
            out var errors);
        Assert.Empty(errors);
        options = options with { Security = options.Security with { HttpTls = TlsOf("http"), MetricsTls = TlsOf("metrics") } };

        Assert.Equal(expected, ProbeCommand.FindAddress(options)?.AbsoluteUri);

        TlsOptions? TlsOf(string port) => words.Contains(port) || words.Contains(port + " mutual") ? new TlsOptions(port, "c", "k", null, words.Contains(port + " mutual") ? "roots" : null) : null;
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, 0, "ready")]
    [InlineData(HttpStatusCode.ServiceUnavailable, 1, "not ready: 503")]
    public async Task Run_OfAnAnswer_SaysWhatItMeans(HttpStatusCode status, int exitCode, string expected)
    {
        using var client = new HttpClient(new Answering(status)) { BaseAddress = new Uri("http://127.0.0.1:8000") };
        var output = new StringWriter();

        Assert.Equal(exitCode, await new ProbeCommand(client, output).RunAsync(TestContext.Current.CancellationToken));

        Assert.Equal(expected, output.ToString().Trim());
    }

    [Fact]
    public async Task Run_WithoutAPort_SaysSo()
    {
        using var client = new HttpClient();
        var output = new StringWriter();

        Assert.Equal(1, await new ProbeCommand(client, output).RunAsync(TestContext.Current.CancellationToken));

        Assert.Contains("no port can be asked", output.ToString(), StringComparison.Ordinal);
    }

    private sealed class Answering(HttpStatusCode status) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("/v2/health/ready", request.RequestUri!.AbsolutePath);
            return Task.FromResult(new HttpResponseMessage(status));
        }
    }
}
