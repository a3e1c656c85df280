using System.Collections.Immutable;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>
/// Every route of the protocol over HTTP, one entry for each method. A test compares it with what is mapped: a route that is not described,
/// and a description without a route, fail there. Entries of one pattern stand together.
/// </summary>
internal static class RouteTable
{
    /// <summary>Where the document itself is.</summary>
    public const string DocumentPath = "/openapi.json";

    public static ImmutableArray<RouteDescription> All { get; } =
    [
        new("/v2/health/live", "GET", "serverLive", "Whether the process serves.") { Failures = [400, 503] },
        new("/v2/health/ready", "GET", "serverReady", "Whether inference may be sent. A question that comes while the server starts is held up for less than a second.") { Failures = [400, 503] },
        new("/v2", "GET", "serverMetadata", "Name, version and extensions of the server.") { Answer = "ServerMetadata" },
        new("/v2/models/{model}", "GET", "modelMetadata", "Inputs, outputs, versions and platform of a model.") { Answer = "ModelMetadata", Failures = [400, 404, 503], HasVersions = true },
        new("/v2/models/{model}/config", "GET", "modelConfig", "The configuration that the model is served by, with every default.") { Answer = "ModelConfig", Failures = [400, 404, 503], HasVersions = true },
        new("/v2/models/{model}/ready", "GET", "modelReady", "Whether the model, or this version of it, takes inference.") { Failures = [400, 404, 503], HasVersions = true },
        new("/v2/models/{model}/infer", "POST", "infer", "Inference. Without a version the highest one that is ready answers.")
        {
            Body = "InferRequest",
            BodyTypes = ["application/json", "application/octet-stream"],
            Answer = "InferResponse",
            AnswerTypes = ["application/json", "application/octet-stream"],
            Failures = [400, 404, 413, 429, 500, 501, 503, 504],
            HasVersions = true,
            IsTyped = true,
        },
        new(DocumentPath, "GET", "openapi", "This document.") { Answer = "Document" },
    ];
}
