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
            BodyTypes = ["application/json", "application/octet-stream", "application/x-npy", "text/plain"],
            Answer = "InferResponse",
            AnswerTypes = ["application/json", "application/octet-stream", "application/x-npy"],
            Failures = [400, 404, 413, 429, 500, 501, 503, 504],
            HasVersions = true,
            IsTyped = true,
        },
        new("/v2/models/{model}/generate", "POST", "generate", "Inference in plain JSON: inputs by their names, other members as parameters. For models that answer once.")
        {
            Body = "GenerateRequest",
            Answer = "GenerateResponse",
            Failures = [400, 404, 413, 429, 500, 503, 504],
            HasVersions = true,
        },
        new("/v2/models/{model}/generate_stream", "POST", "generateStream", "As generate, with any number of responses, each a server-sent event.")
        {
            Body = "GenerateRequest",
            Answer = "GenerateResponse",
            AnswerTypes = ["text/event-stream"],
            Failures = [400, 404, 413, 429, 500, 503, 504],
            HasVersions = true,
        },
        new("/v2/models/{model}/stats", "GET", "modelStatistics", "The counters of a model's versions that are ready, or of one.") { Answer = "Statistics", Failures = [400], HasVersions = true },
        new("/v2/models/stats", "GET", "statistics", "The counters of every version that is ready.") { Answer = "Statistics", Failures = [400] },
        new("/v2/models/{model}/trace/setting", "GET", "modelTraceSettings", "How requests for the model are traced.") { Answer = "TraceSettings", Failures = [404] },
        new("/v2/models/{model}/trace/setting", "POST", "changeModelTraceSettings", "Changes how requests for the model are traced; null goes back to the global setting.") { Body = "TraceSettings", Answer = "TraceSettings", Failures = [400, 404, 413, 501] },
        new("/v2/trace/setting", "GET", "traceSettings", "How requests are traced.") { Answer = "TraceSettings" },
        new("/v2/trace/setting", "POST", "changeTraceSettings", "Changes how requests are traced; null goes back to the setting of the start.") { Body = "TraceSettings", Answer = "TraceSettings", Failures = [400, 413, 501] },
        new("/v2/logging", "GET", "logSettings", "What is logged.") { Answer = "LogSettings" },
        new("/v2/logging", "POST", "changeLogSettings", "Changes what is logged; what is left out or null stays.") { Body = "LogSettings", Answer = "LogSettings", Failures = [400, 413, 501] },
        new("/v2/repository/index", "POST", "repositoryIndex", "The models that lie in the repositories, and where their versions stand.") { Body = "IndexRequest", IsBodyRequired = false, Answer = "RepositoryIndex", Failures = [400] },
        new("/v2/repository/models/{model}/load", "POST", "loadModel", "Loads a model, or what has changed of it, and answers when it serves. With explicit model control only.") { Body = "LoadRequest", IsBodyRequired = false, Failures = [400, 500, 503] },
        new("/v2/repository/models/{model}/unload", "POST", "unloadModel", "Unloads a model; requests that it has are finished. With explicit model control only.") { Body = "UnloadRequest", IsBodyRequired = false, Failures = [400, 503] },
        new("/v2/aliases", "GET", "aliases", "The names that stand for models, what they stand for and what has come of it.") { Answer = "Aliases" },
        new("/v2/aliases/{alias}", "GET", "alias", "One alias. The header ETag has what a change may be made to depend on, with If-Match.") { Answer = "Alias", Failures = [404] },
        new("/v2/aliases/{alias}", "PUT", "putAlias", "Makes an alias or replaces it, in one step. With explicit model control only.") { Body = "AliasConfig", Answer = "Alias", Failures = [400, 412, 413, 429, 503] },
        new("/v2/aliases/{alias}", "DELETE", "deleteAlias", "Removes an alias. With explicit model control only.") { Failures = [404, 412, 503] },
        new("/v2/aliases/{alias}/promote", "POST", "promoteAlias", "Makes a target the stable one and gives it all traffic, in one step. With explicit model control only.") { Body = "AliasPromotion", IsBodyRequired = false, Answer = "Alias", Failures = [400, 404, 412, 413, 503] },
        new("/v2/aliases/{alias}/rollback", "POST", "rollBackAlias", "Gives all traffic to the stable target, or back to the one that was stable before, in one step. With explicit model control only.") { Body = "AliasRollback", IsBodyRequired = false, Answer = "Alias", Failures = [400, 404, 412, 413, 503] },
        new("/v2/repository/{repository}/index", "POST", "namedRepositoryIndex", "Repositories have no names here.") { Failures = [501] },
        new("/v2/repository/{repository}/models/{model}/load", "POST", "loadModelOfNamedRepository", "Repositories have no names here.") { Failures = [501] },
        new("/v2/repository/{repository}/models/{model}/unload", "POST", "unloadModelOfNamedRepository", "Repositories have no names here.") { Failures = [501] },
        .. SharedMemory("/v2/systemsharedmemory", "System", "SystemRegion", "SystemRegions"),
        .. SharedMemory("/v2/cudasharedmemory", "Cuda", "CudaRegion", "CudaRegions"),
        new(DocumentPath, "GET", "openapi", "This document.") { Answer = "Document" },
    ];

    private static ImmutableArray<RouteDescription> SharedMemory(string root, string kind, string region, string regions) =>
    [
        new(root + "/status", "GET", $"status{kind}Memory", "The regions of shared memory that are registered.") { Answer = regions },
        new(root + "/register", "POST", $"register{kind}MemoryWithoutName", "A region is registered under a name.") { Failures = [400, 501] },
        new(root + "/unregister", "POST", $"unregisterAll{kind}Memory", "Unregisters every region.") { Failures = [501] },
        new(root + "/region/{region}/status", "GET", $"status{kind}Region", "One region of shared memory.") { Answer = regions, Failures = [404] },
        new(root + "/region/{region}/register", "POST", $"register{kind}Region", "Registers a region of shared memory, where the operator allows that.") { Body = region, Failures = [400, 413, 429, 500, 501] },
        new(root + "/region/{region}/unregister", "POST", $"unregister{kind}Region", "Unregisters a region of shared memory.") { Failures = [501] },
    ];
}
