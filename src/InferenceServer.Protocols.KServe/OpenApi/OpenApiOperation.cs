using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>Writes one operation: what a method of a path takes and what it answers.</summary>
internal static class OpenApiOperation
{
    /// <summary>The header that says how long the JSON before the tensors' bytes is.</summary>
    private const string HeaderLength = """
        [{"name":"Inference-Header-Content-Length","in":"header","required":false,"description":"The length of the JSON, when tensors follow it as bytes; 0 when the whole body is the only input.","schema":{"type":"integer","minimum":0}}]
        """;

    private const string AnswerHeaders = """
        {"Inference-Header-Content-Length":{"description":"The length of the JSON, when tensors follow it as bytes.","schema":{"type":"integer"}}}
        """;

    /// <summary>The name of the answer with a status that is no success.</summary>
    public static string FailureName(int status) => "Failure" + status.ToString(CultureInfo.InvariantCulture);

    /// <param name="json">Where to.</param>
    /// <param name="route">The route.</param>
    /// <param name="model">The version that is meant; null when it is any.</param>
    /// <param name="id">A name that no other operation has.</param>
    public static void Write(JsonComposer json, RouteDescription route, ModelDescription? model, string id)
    {
        json.Member("operationId", id);
        json.Member("summary", route.Summary);
        json.BeginArray("tags");
        var category = NameOf(route.Category);
        json.Item(category);
        json.EndArray();

        // What an operator names to restrict it.
        json.Member("x-api-category", category);
        if (route.Body is { } body)
        {
            if (TakesBytes(route.BodyTypes))
            {
                json.Raw("parameters", HeaderLength.Trim());
            }

            json.BeginObject("requestBody");
            json.Raw("required", route.IsBodyRequired ? "true" : "false");
            WriteContent(json, route.BodyTypes, SchemaOf(route, model, body));
            json.EndObject();
        }

        json.BeginObject("responses");
        json.BeginObject("200");
        json.Member("description", route.Answer is null ? "It is so." : "The answer.");
        if (route.Answer is { } answer)
        {
            if (TakesBytes(route.AnswerTypes))
            {
                json.Raw("headers", AnswerHeaders.Trim());
            }

            WriteContent(json, route.AnswerTypes, SchemaOf(route, model, answer));
        }

        json.EndObject();
        foreach (var status in route.Failures.Concat([401, 403]).Distinct().Order())
        {
            json.BeginObject(status.ToString(CultureInfo.InvariantCulture));
            json.Member("$ref", "#/components/responses/" + FailureName(status));
            json.EndObject();
        }

        json.EndObject();
    }

    private static void WriteContent(JsonComposer json, ImmutableArray<string> types, string schema)
    {
        json.BeginObject("content");
        for (var i = 0; i < types.Length; i++)
        {
            json.BeginObject(types[i]);
            if (i == 0)
            {
                json.Reference("schema", schema);
            }

            json.EndObject();
        }

        json.EndObject();
    }

    private static string SchemaOf(RouteDescription route, ModelDescription? model, string schema) =>
        route.IsTyped && model is not null ? ModelNames.OfSchema(model, schema) : schema;

    private static bool TakesBytes(ImmutableArray<string> types) => types.Contains("application/octet-stream", StringComparer.Ordinal);

    private static string NameOf(ApiCategory? category) => ApiCategories.ByName.First(pair => pair.Value == category).Key;
}
