using System.Text.RegularExpressions;
using Grpc.Core;
using Inference;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Names that are meant for who reads them later: in a page, in the metrics, in the log.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed partial class HostileNameTests(BesiegedServer server)
{
    private const string Injected = "00:00:00.000 ERR INJECTED";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What a request brings is in a log's line, and never begins one or speaks to a terminal.</summary>
    [Fact]
    public async Task Texts_OfRequests_DoNotMakeLines()
    {
        foreach (var ending in new[] { "\n", "\r\n", "\r", "\u2028", "\u0085", "\u001b[2J\u001b[1;31m", "\0", "\u202e" })
        {
            var text = $"x{ending}{Injected}";
            var request = new ModelInferRequest { ModelName = text, Id = text };
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelInferAsync(request, new Metadata { { "x-request-id", "a b" } }, cancellationToken: Token));
            server.TellsNothing(error.Status.Detail);
            await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.RepositoryModelLoadAsync(new() { ModelName = text }, cancellationToken: Token));
            await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.SystemSharedMemoryRegisterAsync(new() { Name = text, Key = text, ByteSize = 1 }, cancellationToken: Token));
            var json = System.Text.Json.JsonSerializer.Serialize(text);
            await server.PostAsync("/v2/models/add_sub/infer", $$"""{"id":{{json}},"inputs":[]}""");
            await server.PostAsync("/v2/models/add_sub/infer", BesiegedServer.Good.Insert(1, $"\"id\":{json},"));
            await server.PostAsync("/v2/logging", $$"""{{{json}}:{{json}}}""");
            await server.PostAsync("/v2/repository/models/named/load", $$$"""{"parameters":{"config":{{{json}}}}}""");
        }

        await server.StandsAsync();
        Assert.DoesNotMatch(InjectedLine(), server.Log);
        Assert.DoesNotContain('\u001b', server.Log);
        Assert.DoesNotContain('\u202e', server.Log);
    }

    /// <summary>A model whose folder has the name of a script is one like any other, and its name stays a text in everything that shows it.</summary>
    [Fact]
    public async Task Model_WhoseNameIsMarkup_StaysAName()
    {
        const string Name = "<img src=x onerror=alert(1)>\"'{}";
        server.Repository.Write($"{Name}/config.pbtxt", """backend: "identity" max_batch_size: 0 input [ { name: "X" data_type: TYPE_UINT8 dims: [ 1 ] } ] output [ { name: "Y" data_type: TYPE_UINT8 dims: [ 1 ] } ]""");
        Directory.CreateDirectory(Path.Combine(server.Repository.FullPath, Name, "1"));
        try
        {
            var (status, body) = await server.PostAsync($"/v2/repository/models/{Uri.EscapeDataString(Name)}/load", "");
            Assert.True(status == 200, body);
            using var response = await server.Http.GetAsync($"/v2/models/{Uri.EscapeDataString(Name)}", Token);
            Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
            Assert.Equal(Name, System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement.GetProperty("name").GetString());
            Assert.Contains("model=\"<img src=x onerror=alert(1)>\\\"'{}\"", await server.ScrapeAsync(), StringComparison.Ordinal);

            // No browser takes an answer for a page.
            foreach (var path in new[] { "/v2", $"/v2/models/{Uri.EscapeDataString(Name)}/nothing", $"/{Uri.EscapeDataString(Name)}", "/openapi.json" })
            {
                using var answer = await server.Http.GetAsync(path, Token);
                Assert.NotEqual("text/html", answer.Content.Headers.ContentType?.MediaType);
            }

            (status, body) = await server.PostAsync($"/v2/repository/models/{Uri.EscapeDataString(Name)}/unload", "");
            Assert.True(status == 200, body);
        }
        finally
        {
            Directory.Delete(Path.Combine(server.Repository.FullPath, Name), recursive: true);
        }

        await server.StandsAsync();
    }

    /// <summary>Names that nobody has grow no table and no family of metrics.</summary>
    [Fact]
    public async Task ThousandsOfUnknownNames_AreNotRemembered()
    {
        var before = (await server.ScrapeAsync()).Length;
        await Parallel.ForEachAsync(Enumerable.Range(0, 5_000), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (i, _) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/unknown{i}/infer") { Content = new StringContent("{}") };
            request.Headers.Add($"x-header-{i}", "1");
            request.Headers.Add("x-request-id", $"name-{i}");
            using var response = await server.Http.SendAsync(request, Token);
            Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
        });
        var after = await server.ScrapeAsync();
        Assert.DoesNotContain("unknown1", after, StringComparison.Ordinal);
        Assert.True(after.Length < before + 4096, $"{before} bytes of metrics before, {after.Length} after");
        await server.StandsAsync();
    }

    [GeneratedRegex($"^{Injected}", RegexOptions.Multiline)]
    private static partial Regex InjectedLine();
}
