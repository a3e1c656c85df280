using System.Net;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public sealed class UnexpectedFaultTests
{
    [Fact]
    public async Task Fault_OfTheServer_IsToldWithoutItsDetailsAndDisturbsNothingElse()
    {
        var token = TestContext.Current.CancellationToken;
        await using var server = await KServeServer.StartAsync();
        server.Control.Fault = new InvalidOperationException("a detail that is nobody's business");
        using var response = await server.Client.GetAsync("/v2/models/echo", token);
        var body = await response.Content.ReadAsStringAsync(token);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("\"error\"", body, StringComparison.Ordinal);
        Assert.DoesNotContain("business", body, StringComparison.Ordinal);
        server.Control.Fault = null;
        using var next = await server.Client.GetAsync("/v2/models/echo", token);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }
}
