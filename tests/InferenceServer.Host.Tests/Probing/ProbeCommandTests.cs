using System.Net;
using InferenceServer.Host.Probing;
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
    public async Task Run_WithoutHttp_SaysSo()
    {
        using var client = new HttpClient();
        var output = new StringWriter();

        Assert.Equal(1, await new ProbeCommand(client, output).RunAsync(TestContext.Current.CancellationToken));

        Assert.Contains("HTTP is switched off", output.ToString(), StringComparison.Ordinal);
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
