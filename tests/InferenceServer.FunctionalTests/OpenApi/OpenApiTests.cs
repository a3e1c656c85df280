using System.Net;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.OpenApi;

/// <summary>What the document says of the sample models is so.</summary>
[Collection(SampleServerCollection.Name)]
public sealed class OpenApiTests(SampleServer sample)
{
    [Fact]
    public async Task EveryExample_IsAnsweredAsItsSchemaSays()
    {
        var root = JsonDocument.Parse(await sample.Server.Http.GetStringAsync("/openapi.json", TestContext.Current.CancellationToken)).RootElement;
        var schemas = root.GetProperty("components").GetProperty("schemas");
        var tried = 0;
        foreach (var path in root.GetProperty("paths").EnumerateObject().Where(static path => path.Name.EndsWith("/infer", StringComparison.Ordinal) && !path.Name.Contains('{', StringComparison.Ordinal)))
        {
            var operation = path.Value.GetProperty("post");
            var request = SchemaOf(operation.GetProperty("requestBody"), schemas);
            if (!request.TryGetProperty("examples", out var examples))
            {
                continue;
            }

            tried++;
            var (status, body) = await sample.Server.PostAsync(path.Name, examples[0].GetRawText());
            Assert.True(status == HttpStatusCode.OK, $"{path.Name}: {body}");
            var expected = SchemaOf(operation.GetProperty("responses").GetProperty("200"), schemas).GetProperty("properties").GetProperty("outputs").GetProperty("items").GetProperty("anyOf").EnumerateArray()
                .Where(static output => output.TryGetProperty("title", out _))
                .Select(static output => (output.GetProperty("title").GetString(), output.GetProperty("properties").GetProperty("datatype").GetProperty("enum")[0].GetString(), output.GetProperty("properties").GetProperty("shape").GetProperty("minItems").GetInt32()));
            var actual = JsonDocument.Parse(body).RootElement.GetProperty("outputs").EnumerateArray()
                .Select(static output => (output.GetProperty("name").GetString(), output.GetProperty("datatype").GetString(), output.GetProperty("shape").GetArrayLength()));
            Assert.Equal(expected.Order(), actual.Order());
        }

        Assert.True(tried >= 4, $"only {tried} models have an example");
    }

    [Fact]
    public async Task EveryPathOfAModel_IsThere()
    {
        var root = JsonDocument.Parse(await sample.Server.Http.GetStringAsync("/openapi.json", TestContext.Current.CancellationToken)).RootElement;
        foreach (var path in root.GetProperty("paths").EnumerateObject().Where(static path => !path.Name.Contains('{', StringComparison.Ordinal) && path.Value.TryGetProperty("get", out _)))
        {
            using var response = await sample.Server.Http.GetAsync(path.Name, TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode == HttpStatusCode.OK, path.Name);
        }
    }

    private static JsonElement SchemaOf(JsonElement message, JsonElement schemas) =>
        schemas.GetProperty(message.GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString()!.Split('/')[^1]);
}
