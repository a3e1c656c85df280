using System.Text;
using System.Text.Json;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Tests.Http;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using Xunit;
using OpenApiDocument = InferenceServer.Protocols.KServe.OpenApi.OpenApiDocument;

namespace InferenceServer.Protocols.KServe.Tests.OpenApi;

public sealed class OpenApiDocumentTests
{
    private static readonly ModelConfig s_model = EchoModel.Config("two tensors.v1ü{x}", 8, ("A \"quoted\"", "X", TensorDataType.Fp32, [-1, 4]), ("B", "Y", TensorDataType.Bytes, [-1, -1]));

    [Fact]
    public void Document_IsValidOpenApi()
    {
        var result = OpenApiModelFactory.Parse(Encoding.UTF8.GetString(Write(Every())), "json", new OpenApiReaderSettings { RuleSet = ValidationRuleSet.GetDefaultRuleSet() });
        Assert.Empty(result.Diagnostic!.Errors.Select(static error => error.ToString()));
        Assert.Empty(result.Diagnostic.Warnings.Select(static warning => warning.ToString()));
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, result.Diagnostic.SpecificationVersion);
        Assert.Contains("/v2/models/{model}/infer", result.Document!.Paths.Keys);
    }

    [Fact]
    public void Document_References_LeadSomewhere()
    {
        var root = JsonDocument.Parse(Write(Every())).RootElement;
        var references = 0;
        Walk(root, element =>
        {
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$ref", out var reference))
            {
                references++;
                var target = root;
                foreach (var part in reference.GetString()!["#/".Length..].Split('/'))
                {
                    Assert.True(target.TryGetProperty(part, out target), reference.GetString());
                }
            }
        });
        Assert.True(references > 50);
    }

    [Fact]
    public void Document_OperationsAndNames_AreUniqueAndWellFormed()
    {
        var root = JsonDocument.Parse(Write(Every())).RootElement;
        var ids = root.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject()).Where(static member => member.Name is "get" or "post").Select(static member => member.Value.GetProperty("operationId").GetString()).ToArray();
        Assert.Equal(ids.Length, ids.Distinct().Count());
        var paths = root.GetProperty("paths").EnumerateObject().Select(static path => path.Name).ToArray();
        Assert.Equal(paths.Length, paths.Distinct().Count());
        foreach (var section in root.GetProperty("components").EnumerateObject())
        {
            var names = section.Value.EnumerateObject().Select(static member => member.Name).ToArray();
            Assert.Equal(names.Length, names.Distinct().Count());
            Assert.All(names, static name => Assert.Matches("^[a-zA-Z0-9._-]+$", name));
        }
    }

    [Theory]
    [InlineData(TensorDataType.UInt64, false, """{"sequence_id":1,"sequence_start":true,"sequence_end":true}""")]
    [InlineData(TensorDataType.Bytes, false, """{"sequence_id":"1","sequence_start":true,"sequence_end":true}""")]
    [InlineData(TensorDataType.UInt64, true, null)]
    public void Example_OfAModelWithSequences_IsAWholeOne(TensorDataType id, bool isIterative, string? parameters)
    {
        var sequences = new SequenceBatchingConfig { IsIterative = isIterative, Controls = [new SequenceControlConfig("ID", SequenceControlKind.CorrelationId, id, [], [])] };
        var root = JsonDocument.Parse(Write([new ModelDescription(1, [1], s_model with { Name = "m", SequenceBatching = sequences })])).RootElement;
        var example = root.GetProperty("components").GetProperty("schemas").EnumerateObject().Single(static schema => schema.Value.TryGetProperty("examples", out _)).Value.GetProperty("examples")[0];

        Assert.Equal(parameters, example.TryGetProperty("parameters", out var given) ? given.GetRawText() : null);
        Assert.Equal(2, example.GetProperty("inputs").GetArrayLength());
    }

    [Fact]
    public void Model_InTheDocument_HasItsTensors()
    {
        var root = JsonDocument.Parse(Write([new ModelDescription(12, [3, 12], s_model)])).RootElement;
        var encoded = Uri.EscapeDataString(s_model.Name);
        var paths = root.GetProperty("paths");
        var body = paths.GetProperty($"/v2/models/{encoded}/infer").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString()!;
        Assert.Equal(body, paths.GetProperty($"/v2/models/{encoded}/versions/12/infer").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
        Assert.True(paths.TryGetProperty($"/v2/models/{encoded}/config", out _));
        Assert.Equal("inference", paths.GetProperty($"/v2/models/{encoded}/infer").GetProperty("post").GetProperty("x-api-category").GetString());

        var schema = root.GetProperty("components").GetProperty("schemas").GetProperty(body.Split('/')[^1]);
        var inputs = schema.GetProperty("properties").GetProperty("inputs");
        Assert.Equal((2, 2), (inputs.GetProperty("minItems").GetInt32(), inputs.GetProperty("maxItems").GetInt32()));
        var second = inputs.GetProperty("items").GetProperty("anyOf")[1];
        Assert.Equal("""["B"]""", second.GetProperty("properties").GetProperty("name").GetProperty("enum").GetRawText());
        Assert.Equal("""["BYTES"]""", second.GetProperty("properties").GetProperty("datatype").GetProperty("enum").GetRawText());
        Assert.Equal(2, second.GetProperty("properties").GetProperty("shape").GetProperty("minItems").GetInt32());
        Assert.Equal(2, second.GetProperty("properties").GetProperty("shape").GetProperty("maxItems").GetInt32());
        Assert.Equal("#/components/schemas/Data.BYTES", second.GetProperty("properties").GetProperty("data").GetProperty("$ref").GetString());
        Assert.Equal("BYTES of the shape [-1,-1]; dimension 0 is the batch, 1 to 8; dimension 1 is free.", second.GetProperty("description").GetString());
        Assert.Equal(
            """[{"inputs":[{"name":"A \"quoted\"","datatype":"FP32","shape":[1,4],"data":[1,1,1,1]},{"name":"B","datatype":"BYTES","shape":[1,1],"data":["1"]}]}]""",
            schema.GetProperty("examples").GetRawText());
        var answer = root.GetProperty("components").GetProperty("schemas").GetProperty(body.Split('/')[^1].Replace("InferRequest", "InferResponse", StringComparison.Ordinal));
        Assert.Equal("""["12"]""", answer.GetProperty("properties").GetProperty("model_version").GetProperty("enum").GetRawText());
        Assert.Equal("X", answer.GetProperty("properties").GetProperty("outputs").GetProperty("items").GetProperty("anyOf")[0].GetProperty("title").GetString());
    }

    [Fact]
    public void OlderVersion_HasPathsWithItsNumberOnly()
    {
        var paths = JsonDocument.Parse(Write([new ModelDescription(3, [3, 12], s_model)])).RootElement.GetProperty("paths");
        var encoded = Uri.EscapeDataString(s_model.Name);
        Assert.True(paths.TryGetProperty($"/v2/models/{encoded}/versions/3/infer", out _));
        Assert.False(paths.TryGetProperty($"/v2/models/{encoded}/infer", out _));
    }

    [Fact]
    public void DecoupledModel_HasNoInferenceOfItsOwn()
    {
        var paths = JsonDocument.Parse(Write([new ModelDescription(1, [1], s_model with { IsDecoupled = true })])).RootElement.GetProperty("paths");
        var encoded = Uri.EscapeDataString(s_model.Name);
        Assert.True(paths.TryGetProperty($"/v2/models/{encoded}", out _));
        Assert.False(paths.TryGetProperty($"/v2/models/{encoded}/infer", out _));
    }

    [Fact]
    public void Example_OfALargeInput_IsLeftOut()
    {
        var model = EchoModel.Config("large", 0, ("IN", "OUT", TensorDataType.Fp32, [3, 224, 224]));
        var schemas = JsonDocument.Parse(Write([new ModelDescription(1, [1], model)])).RootElement.GetProperty("components").GetProperty("schemas");
        Assert.False(schemas.GetProperty("large.1.InferRequest").TryGetProperty("examples", out _));
    }

    [Fact]
    public void ManyModels_AreNotAllDescribed_AndThatIsSaid()
    {
        ModelDescription[] models = [.. Enumerable.Range(0, 100).Select(static i => new ModelDescription(1, [1], EchoModel.Config($"m{i:D3}", 0, ("IN", "OUT", TensorDataType.Fp32, [1]))))];
        var document = OpenApiDocument.Write(new ServerIdentity("s", "1"), [.. models], [], maxPathBytes: 150_000);
        var root = JsonDocument.Parse(document).RootElement;
        var described = root.GetProperty("components").GetProperty("schemas").EnumerateObject().Count(static schema => schema.Name.EndsWith(".InferRequest", StringComparison.Ordinal));
        Assert.InRange(described, 5, 99);
        Assert.Contains($"{100 - described} of 100 versions", root.GetProperty("info").GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.True(document.Length < 400_000);
    }

    [Fact]
    public async Task Document_OverHttp_FollowsTheModels()
    {
        await using var server = await KServeServer.StartAsync();
        var address = new Uri(server.Address, "/openapi.json");
        Assert.Contains("\"/v2/models/echo/infer\"", await server.Client.GetStringAsync(address, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        server.Publish(EchoModel.Of("other", TensorDataType.Int32, -1));
        var document = await server.Client.GetStringAsync(address, TestContext.Current.CancellationToken);
        Assert.Contains("\"/v2/models/other/infer\"", document, StringComparison.Ordinal);
        Assert.DoesNotContain("\"/v2/models/echo/infer\"", document, StringComparison.Ordinal);
    }

    /// <summary>Models of every type, of awkward names, with and without batches.</summary>
    private static ModelDescription[] Every() =>
    [
        new(3, [3, 12], s_model),
        new(12, [3, 12], s_model),
        .. TensorDataTypes.All.ToArray().Select(static type => new ModelDescription(1, [1], EchoModel.Config("of." + type.ProtocolName(), 0, ("IN", "OUT", type, [2, -1])))),
        new(1, [1], EchoModel.Config("nothing", 0)),
        new(1, [1], EchoModel.Config("stats", 0, ("IN", "OUT", TensorDataType.Fp32, [1]))),
        new(1, [1], EchoModel.Config("scalar", 0, ("IN", "OUT", TensorDataType.Fp32, []))),
        new(1, [1], EchoModel.Config("a.", 0, ("IN", "OUT", TensorDataType.Fp32, [1]))),
        new(2, [2], EchoModel.Config("a", 0, ("IN", "OUT", TensorDataType.Fp32, [1]))),
    ];

    private static byte[] Write(ModelDescription[] models) => OpenApiDocument.Write(new ServerIdentity("test \"server\"", "1.2.3"), [.. models], []);

    private static void Walk(JsonElement element, Action<JsonElement> visit)
    {
        visit(element);
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    Walk(member.Value, visit);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Walk(item, visit);
                }

                break;
        }
    }
}
