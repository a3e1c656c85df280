using InferenceServer.Protocols.KServe.OpenApi;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.OpenApi;

public sealed class RouteTableTests
{
    /// <summary>A method that no route has: the refusal names those that it has.</summary>
    private static readonly HttpMethod s_other = new("PROBE");

    [Fact]
    public async Task Table_AndWhatIsMapped_AreTheSame()
    {
        await using var server = await KServeServer.StartAsync();
        var mapped = new List<string>();
        foreach (var pattern in server.Endpoints.Select(static endpoint => endpoint.RoutePattern.RawText!.Replace("{word}", "stats", StringComparison.Ordinal)).Where(static pattern => pattern != "{*path}"))
        {
            var path = string.Join('/', pattern.Split('/').Select(static segment => segment == "{version}" ? "1" : segment.StartsWith('{') ? "echo" : segment));
            using var request = new HttpRequestMessage(s_other, new Uri(server.Address, path));
            using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.NotEmpty(response.Content.Headers.Allow);
            mapped.AddRange(response.Content.Headers.Allow.Select(method => $"{method} {pattern}"));
        }

        var described = RouteTable.All.SelectMany(static route => route.Patterns.Select(pattern => $"{route.Method} {pattern}"));
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryRoute_HasACategoryThatOperatorsCanName() =>
        Assert.All(RouteTable.All, static route => Assert.Contains(route.Category, ApiCategories.ByName.Values.Cast<ApiCategory?>()));
}
