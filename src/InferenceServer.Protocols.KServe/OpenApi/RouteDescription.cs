using System.Collections.Immutable;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>One route with one method, as the document describes it.</summary>
/// <param name="Pattern">The path, with its parameters in braces.</param>
/// <param name="Method">The method.</param>
/// <param name="Id">A name for generated clients, unique in the document.</param>
/// <param name="Summary">What it is for, in one sentence.</param>
internal sealed record RouteDescription(string Pattern, string Method, string Id, string Summary)
{
    private const string ModelPrefix = "/v2/models/{model}";

    /// <summary>The schema of the request body; null when there is none.</summary>
    public string? Body { get; init; }

    /// <summary>True when a request without a body is refused.</summary>
    public bool IsBodyRequired { get; init; } = true;

    /// <summary>The types that the body may have; the first one is that of the schema.</summary>
    public ImmutableArray<string> BodyTypes { get; init; } = ["application/json"];

    /// <summary>The schema of the answer with the status 200; null when it is empty.</summary>
    public string? Answer { get; init; }

    /// <summary>The types that the answer may have; the first one is that of the schema.</summary>
    public ImmutableArray<string> AnswerTypes { get; init; } = ["application/json"];

    /// <summary>The statuses that say why there is no such answer.</summary>
    public ImmutableArray<int> Failures { get; init; } = [];

    /// <summary>True when the same route is there with <c>/versions/{version}</c> behind the model.</summary>
    public bool HasVersions { get; init; }

    /// <summary>
    /// True when body and answer are made of the model's tensors: a route of one model has schemas of its own then, by the names of these
    /// with the model's in front, and is left out for models that answer any number of times.
    /// </summary>
    public bool IsTyped { get; init; }

    /// <summary>The group that it belongs to, which is also what operators restrict.</summary>
    public ApiCategory? Category => ApiCategories.OfRoute(Pattern);

    /// <summary>True for a route of one model.</summary>
    public bool IsOfModel => Pattern == ModelPrefix || Pattern.StartsWith(ModelPrefix + "/", StringComparison.Ordinal);

    /// <summary>The pattern, and the one with a version where there is one.</summary>
    public ImmutableArray<string> Patterns => HasVersions ? [Pattern, WithVersion("{model}", "{version}")] : [Pattern];

    /// <summary>The path for one model, both names encoded as paths have them.</summary>
    public string WithModel(string model) => "/v2/models/" + model + Pattern[ModelPrefix.Length..];

    /// <summary>The path for one version of one model.</summary>
    public string WithVersion(string model, string version) => WithModel(model + "/versions/" + version);
}
