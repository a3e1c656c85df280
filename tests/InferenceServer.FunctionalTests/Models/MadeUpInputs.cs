using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>Inputs for any model, the same each time.</summary>
internal static class MadeUpInputs
{
    /// <summary>The inputs of a request of one row; free dimensions are 2.</summary>
    /// <param name="metadata">What <c>GET /v2/models/{model}</c> says.</param>
    public static JsonArray Of(JsonNode metadata) => [.. metadata["inputs"]!.AsArray().Select(static input => Input(input!))];

    private static JsonObject Input(JsonNode input)
    {
        var type = input["datatype"]!.GetValue<string>();
        var shape = input["shape"]!.AsArray().Select(static (dim, place) => dim!.GetValue<long>() is > 0 and var size ? size : place == 0 ? 1 : 2).ToArray();
        var count = (int)shape.Aggregate(1L, static (product, dim) => product * dim);
        var data = new JsonArray([.. Enumerable.Range(0, count).Select(i => type switch
        {
            "BYTES" => JsonValue.Create($"t{i}"),
            "BOOL" => JsonValue.Create(i % 2 == 0),
            _ => (JsonNode)JsonValue.Create(i % 5),
        })]);
        return new JsonObject { ["name"] = input["name"]!.GetValue<string>(), ["datatype"] = type, ["shape"] = JsonSerializer.SerializeToNode(shape), ["data"] = data };
    }
}
