using System.Net;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

public sealed class CorsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Preflight_OfANamedPage_NeedsNoCredential_AndGrantsNothingMore()
    {
        await using var access = new AccessFixture();
        var key = access.AddAdmin();
        await access.StartAsync(SampleServer.Repository, "--model-control-mode=explicit", "--http-cors-origin=https://page.example", "--http-cors-header=x-mine");
        using (var answer = await SendAsync(access.Server, HttpMethod.Options, "https://page.example", null, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization, x-mine")))
        {
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            Assert.Equal("https://page.example", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.Contains("x-mine", answer.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.OrdinalIgnoreCase);
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
        }

        using (var answer = await SendAsync(access.Server, HttpMethod.Options, "https://other.example", null, ("Access-Control-Request-Method", "POST")))
        {
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        }

        // The call itself is asked for its credential, and the page can read why it was refused.
        using (var answer = await SendAsync(access.Server, HttpMethod.Get, "https://page.example", null))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("https://page.example", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        }

        using (var answer = await SendAsync(access.Server, HttpMethod.Get, "https://page.example", key))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        // What is no question of a browser is a request like any other.
        using (var answer = await SendAsync(access.Server, HttpMethod.Options, "https://page.example", null))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Pages_WithoutTheOption_GetNothing()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit"]);
        using var preflight = await SendAsync(server, HttpMethod.Options, "https://page.example", null, ("Access-Control-Request-Method", "POST"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, preflight.StatusCode);
        using var answer = await SendAsync(server, HttpMethod.Get, "https://page.example", null);
        Assert.DoesNotContain(preflight.Headers.Concat(answer.Headers), static header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<HttpResponseMessage> SendAsync(RunningServer server, HttpMethod method, string origin, string? key, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, "/v2");
        request.Headers.Add("Origin", origin);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        return await server.Http.SendAsync(request, Cancellation);
    }
}
