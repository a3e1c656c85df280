using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Restrictions;
using Microsoft.AspNetCore.WebUtilities;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>Writes the description of the whole HTTP surface as OpenAPI 3.1: the routes for any model, and those of each model that is ready.</summary>
internal static class OpenApiDocument
{
    private static readonly FrozenSet<string> s_fixedPaths = RouteTable.All.Select(static route => route.Pattern).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>
    /// Once the paths are so long, in bytes, no more models get paths of their own; the routes for any model hold for them too.
    /// </summary>
    public const int MaxPathBytes = 4 << 20;

    /// <param name="server">Who describes itself.</param>
    /// <param name="models">Every version that is ready, by name and then by number.</param>
    /// <param name="aliases">The aliases that are answered for, each described as a model of its name.</param>
    /// <param name="maxPathBytes">See <see cref="MaxPathBytes"/>.</param>
    public static byte[] Write(ServerIdentity server, ImmutableArray<ModelDescription> models, ImmutableArray<ModelDescription> aliases, int maxPathBytes = MaxPathBytes)
    {
        using var paths = new PooledText();
        var described = WritePaths(new JsonComposer(paths), models, aliases, maxPathBytes);
        using var text = new PooledText();
        var json = new JsonComposer(text);
        json.BeginObject();
        json.Member("openapi", "3.1.1");
        json.BeginObject("info");
        json.Member("title", server.Name);
        json.Member("version", server.Version);
        json.Member("description", Describe(aliases.Length + models.Length, described));
        json.EndObject();
        json.BeginArray("servers");
        json.BeginObject();
        json.Member("url", "/");
        json.EndObject();
        json.EndArray();
        WriteTags(json);
        json.Raw("paths", paths.ToArray());
        json.BeginObject("components");
        json.BeginObject("schemas");
        SharedSchemas.Write(json);
        foreach (var (i, model) in aliases.Concat(models).Take(described).Index())
        {
            ModelSchemas.Write(json, model, isAlias: i < aliases.Length);
        }

        json.EndObject();
        WriteFailures(json);
        json.EndObject();
        json.EndObject();
        return text.ToArray();
    }

    private static string Describe(int models, int described) =>
        "KServe v2 over HTTP. The paths of each model and version that is ready, and of each alias, name its tensors."
        + (described == models ? "" : string.Create(CultureInfo.InvariantCulture, $" {models - described} of {models} versions and aliases have no paths of their own here, since the document would grow too long: the paths with {{model}} hold for them too."));

    /// <returns>How many of the aliases and then of the models have paths of their own.</returns>
    private static int WritePaths(JsonComposer json, ImmutableArray<ModelDescription> models, ImmutableArray<ModelDescription> aliases, int maxPathBytes)
    {
        json.BeginObject();
        WriteRoutes(json, RouteTable.All, static route => route.Pattern, null, "");
        WriteRoutes(json, [.. RouteTable.All.Where(static route => route.HasVersions)], static route => route.WithVersion("{model}", "{version}"), null, "Version");
        var ofModel = RouteTable.All.Where(static route => route.IsOfModel).ToArray();
        var described = 0;
        foreach (var model in aliases.Concat(models))
        {
            if (json.Length > maxPathBytes)
            {
                break;
            }

            var isAlias = described < aliases.Length;
            described++;
            var (name, key, version) = (ModelNames.InPath(model), ModelNames.InKey(model), ModelNames.VersionInPath(model));
            RouteDescription[] routes = [.. ofModel.Where(route => !route.IsTyped || !model.Config.IsDecoupled)];
            if (isAlias || model.Version == model.ReadyVersions[^1])
            {
                // A model may have a name that makes a path of its own the path of something else, which the server answers there. What has no versions is no matter of aliases: they are not loaded.
                WriteRoutes(json, [.. routes.Where(route => (route.HasVersions || !isAlias) && !s_fixedPaths.Contains(route.WithModel(name)))], route => route.WithModel(name), model, $".{key}");
            }

            if (isAlias)
            {
                continue;
            }

            WriteRoutes(json, [.. routes.Where(static route => route.HasVersions)], route => route.WithVersion(name, version), model, $".{key}.{version}");
        }

        json.EndObject();
        return described;
    }

    /// <summary>Writes the routes by their paths; those of one path stand together.</summary>
    private static void WriteRoutes(JsonComposer json, IReadOnlyList<RouteDescription> routes, Func<RouteDescription, string> pathOf, ModelDescription? model, string idSuffix)
    {
        foreach (var group in routes.GroupBy(pathOf))
        {
            json.BeginObject(group.Key);
            WriteParameters(json, group.Key);
            foreach (var route in group)
            {
                json.BeginObject(MemberOf(route.Method));
                OpenApiOperation.Write(json, route, model, route.Id + idSuffix);
                json.EndObject();
            }

            json.EndObject();
        }
    }

    private static string MemberOf(string method) => method switch
    {
        "GET" => "get",
        "POST" => "post",
        "PUT" => "put",
        "DELETE" => "delete",
        _ => throw new InvalidOperationException($"the document has no name for the method {method}"),
    };

    private static void WriteParameters(JsonComposer json, string path)
    {
        if (!path.Contains('{', StringComparison.Ordinal))
        {
            return;
        }

        json.BeginArray("parameters");
        foreach (var segment in path.Split('/').Where(static segment => segment.StartsWith('{')))
        {
            json.BeginObject();
            json.Member("name", segment[1..^1]);
            json.Member("in", "path");
            json.Raw("required", "true");
            json.Raw("schema", segment == "{version}" ? """{"type":"string","pattern":"^[0-9]+$"}""" : """{"type":"string"}""");
            json.EndObject();
        }

        json.EndArray();
    }

    private static void WriteTags(JsonComposer json)
    {
        json.BeginArray("tags");
        foreach (var (name, category) in ApiCategories.ByName)
        {
            if (RouteTable.All.Any(route => route.Category == category))
            {
                json.BeginObject();
                json.Member("name", name);
                json.EndObject();
            }
        }

        json.EndArray();
    }

    private static void WriteFailures(JsonComposer json)
    {
        json.BeginObject("responses");
        foreach (var status in RouteTable.All.SelectMany(static route => route.Failures).Concat([401, 403]).Distinct().Order())
        {
            json.BeginObject(OpenApiOperation.FailureName(status));
            json.Member("description", ReasonPhrases.GetReasonPhrase(status));
            if (status is 429 or 503)
            {
                json.Raw("headers", """{"Retry-After":{"description":"Seconds.","schema":{"type":"integer"}}}""");
            }

            json.BeginObject("content");
            WriteFailure(json, "application/json", "Error");
            WriteFailure(json, "application/problem+json", "Problem");
            json.EndObject();
            json.EndObject();
        }

        json.EndObject();
    }

    private static void WriteFailure(JsonComposer json, string type, string schema)
    {
        json.BeginObject(type);
        json.Reference("schema", schema);
        json.EndObject();
    }
}
