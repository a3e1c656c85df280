using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Aliases;
using InferenceServer.Protocols.KServe.Repository;
using InferenceServer.Protocols.KServe.Logging;
using InferenceServer.Protocols.KServe.Generate;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.OpenApi;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.Tracing;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Statistics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Puts the HTTP half of the KServe v2 protocol into an application.</summary>
public static class KServeHttpEndpoints
{
    private static readonly string[] s_aliasMethods = [HttpMethods.Get, HttpMethods.Put, HttpMethods.Delete];
    private static readonly string[] s_settingMethods = [HttpMethods.Get, HttpMethods.Post];

    /// <summary>
    /// Adds what answers the routes. The container must also give an <see cref="IInferenceEngine"/> and an <see cref="IModelControl"/>.
    /// </summary>
    /// <exception cref="ArgumentException">A limit makes no sense.</exception>
    public static IServiceCollection AddKServeHttp(this IServiceCollection services, KServeHttpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        services.TryAddSingleton<InferenceEndpoints>();
        services.TryAddRequestMemory();
        return services
            .AddSingleton(provider => new InferHandler(provider.GetRequiredService<IInferenceEngine>(), options, provider.GetRequiredService<RequestMemoryGate>()))
            .AddSingleton(provider => new RepositoryHandler(provider.GetRequiredService<IModelControl>(), options, provider.GetRequiredService<RequestMemoryGate>()))
            .AddSingleton(static provider => new AliasHandler(provider.GetRequiredService<IModelControl>()))
            .AddSingleton(static provider => new TraceSettingHandler(provider.GetRequiredService<IModelControl>()))
            .AddSingleton(static provider => new LogSettingsHandler(provider.GetRequiredService<IModelControl>()))
            .AddSingleton(provider => new GenerateHandler(provider.GetRequiredService<IInferenceEngine>(), options, provider.GetRequiredService<RequestMemoryGate>()))
            .AddSingleton(static provider => new MetadataHandler(provider.GetRequiredService<IModelControl>()))
            .AddSingleton(static provider => new OpenApiHandler(provider.GetRequiredService<IModelControl>()))
            .AddSingleton(static provider => new StatisticsHandler(provider.GetRequiredService<IModelControl>()));
    }

    /// <summary>
    /// Maps the routes under <c>/v2</c> and the document that describes them, each for every method: a wrong one is answered in the protocol's own words.
    /// </summary>
    /// <returns>A builder for what holds for all of them, such as a host or a policy.</returns>
    public static IEndpointConventionBuilder MapKServeHttp(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var metadata = endpoints.ServiceProvider.GetRequiredService<MetadataHandler>();
        var infer = endpoints.ServiceProvider.GetRequiredService<InferHandler>();
        var generate = endpoints.ServiceProvider.GetRequiredService<GenerateHandler>();
        var group = endpoints.MapGroup("");
        MapHealth(group, metadata);
        Map(group, "/v2", HttpMethods.Get, (context, _, _) => metadata.ServerAsync(context));
        var control = endpoints.ServiceProvider.GetRequiredService<IModelControl>();
        MapModel(group, "", HttpMethods.Get, AfterStart(control, metadata.ModelAsync));
        MapModel(group, "/config", HttpMethods.Get, AfterStart(control, metadata.ModelConfigAsync));
        MapModel(group, "/ready", HttpMethods.Get, metadata.ModelReadyAsync);
        var statistics = endpoints.ServiceProvider.GetRequiredService<StatisticsHandler>();
        MapModel(group, "/stats", HttpMethods.Get, AfterStart(control, statistics.HandleAsync));

        // The word wins over a name: a model that is called stats has its metadata by version only.
        Map(
            group,
            "/v2/models/stats",
            [HttpMethods.Get],
            AfterStart(control, statistics.HandleAsync),
            RoutePatternFactory.Parse("/v2/models/{word}", null, new RouteValueDictionary { ["word"] = new ExactSegment("stats") }));
        var engine = endpoints.ServiceProvider.GetRequiredService<IInferenceEngine>();
        MapModel(group, "/infer", HttpMethods.Post, ObservedRoute.Watch(engine, control, infer.HandleAsync));
        MapRepository(group, control, endpoints.ServiceProvider.GetRequiredService<RepositoryHandler>());
        MapAliases(group, control, endpoints.ServiceProvider.GetRequiredService<AliasHandler>());
        var trace = endpoints.ServiceProvider.GetRequiredService<TraceSettingHandler>();
        Map(group, "/v2/trace/setting", s_settingMethods, (context, _, _) => trace.HandleAsync(context, ""));
        Map(group, "/v2/models/{model}/trace/setting", s_settingMethods, AfterStart(control, (context, model, _) => trace.HandleAsync(context, model)));
        var log = endpoints.ServiceProvider.GetRequiredService<LogSettingsHandler>();
        Map(group, "/v2/logging", s_settingMethods, (context, _, _) => log.HandleAsync(context));
        MapSharedMemory(group, "/v2/systemsharedmemory", new SharedMemoryHandler(control, SharedMemoryKind.System));
        MapSharedMemory(group, "/v2/cudasharedmemory", new SharedMemoryHandler(control, SharedMemoryKind.Cuda));
        MapModel(group, "/generate", HttpMethods.Post, ObservedRoute.Watch(engine, control, generate.AnswerAsync));
        MapModel(group, "/generate_stream", HttpMethods.Post, ObservedRoute.Watch(engine, control, generate.StreamAsync));
        var document = endpoints.ServiceProvider.GetRequiredService<OpenApiHandler>();
        Map(group, RouteTable.DocumentPath, HttpMethods.Get, AfterStart(control, (context, _, _) => document.HandleAsync(context)));
        return group;
    }

    /// <summary>Spares the router the requests that run models. To be used in front of it, where nobody needs the parts of the path that it writes down.</summary>
    public static void UseKnownHttpEndpoints(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var endpoints = app.ApplicationServices.GetRequiredService<InferenceEndpoints>();
        app.Use(next => context =>
        {
            if (endpoints.FindHttp(context.Request.Path.Value) is { } endpoint)
            {
                context.SetEndpoint(endpoint);
            }

            return next(context);
        });
    }

    /// <summary>Maps what probes ask for, and nothing else: for a port whose callers need not be clients of the models.</summary>
    public static void MapKServeHealth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        MapHealth(endpoints, endpoints.ServiceProvider.GetRequiredService<MetadataHandler>());
    }

    /// <summary>Answers every path that nothing else answers with the protocol's own 404.</summary>
    public static IEndpointConventionBuilder MapKServeNotFound(this IEndpointRouteBuilder endpoints)
    {
        RequestDelegate notFound = KServeRoute.NotFoundAsync;
        return endpoints.MapFallback("{*path}", notFound).WithDisplayName("KServe Not Found").WithMetadata(new ApiCategoryMetadata(null), new AccessMetadata(AccessRule.Nothing) { Action = "" });
    }

    /// <summary>Holds a question about a model up while the server starts. Probes, which give up soon, see to their own shorter hold.</summary>
    private static Func<HttpContext, string, string, Task> AfterStart(IModelControl control, Func<HttpContext, string, string, Task> handler) =>
        (context, model, version) =>
        {
            var start = control.WaitForStartAsync(context.RequestAborted);
            return start.IsCompletedSuccessfully ? handler(context, model, version) : HoldAsync(start, context, model, version, handler);
        };

    private static async Task HoldAsync(ValueTask start, HttpContext context, string model, string version, Func<HttpContext, string, string, Task> handler)
    {
        try
        {
            await start;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client did not wait as long.
            return;
        }

        await handler(context, model, version);
    }

    private static void MapHealth(IEndpointRouteBuilder group, MetadataHandler metadata)
    {
        Map(group, "/v2/health/live", HttpMethods.Get, (context, _, _) => metadata.LiveAsync(context));
        Map(group, "/v2/health/ready", HttpMethods.Get, (context, _, _) => metadata.ReadyAsync(context));
    }

    private static void MapRepository(IEndpointRouteBuilder group, IModelControl control, RepositoryHandler repository)
    {
        Map(group, "/v2/repository/index", HttpMethods.Post, AfterStart(control, (context, _, _) => repository.IndexAsync(context)));
        Map(group, "/v2/repository/models/{model}/load", HttpMethods.Post, AfterStart(control, (context, model, _) => repository.LoadAsync(context, model)));
        Map(group, "/v2/repository/models/{model}/unload", HttpMethods.Post, AfterStart(control, (context, model, _) => repository.UnloadAsync(context, model)));
        Map(group, "/v2/repository/{repository}/index", HttpMethods.Post, static (context, _, _) => RepositoryHandler.NamedRepositoryAsync(context));
        Map(group, "/v2/repository/{repository}/models/{model}/load", HttpMethods.Post, static (context, _, _) => RepositoryHandler.NamedRepositoryAsync(context));
        Map(group, "/v2/repository/{repository}/models/{model}/unload", HttpMethods.Post, static (context, _, _) => RepositoryHandler.NamedRepositoryAsync(context));
    }

    private static void MapAliases(IEndpointRouteBuilder group, IModelControl control, AliasHandler aliases)
    {
        Map(group, "/v2/aliases", HttpMethods.Get, AfterStart(control, (context, _, _) => aliases.ListAsync(context)));
        Map(group, "/v2/aliases/{alias}", s_aliasMethods, AfterStart(control, (context, _, _) => aliases.HandleAsync(context, NameOf(context))));
        Map(group, "/v2/aliases/{alias}/promote", HttpMethods.Post, AfterStart(control, (context, _, _) => aliases.PromoteAsync(context, NameOf(context))));
        Map(group, "/v2/aliases/{alias}/rollback", HttpMethods.Post, AfterStart(control, (context, _, _) => aliases.RollBackAsync(context, NameOf(context))));

        static string NameOf(HttpContext context) => context.GetRouteValue("alias") as string ?? "";
    }

    /// <summary>Maps the three actions, for one region and without one.</summary>
    private static void MapSharedMemory(IEndpointRouteBuilder group, string root, SharedMemoryHandler handler)
    {
        foreach (var path in new[] { root, root + "/region/{region}" })
        {
            Map(group, path + "/status", HttpMethods.Get, (context, _, _) => handler.StatusAsync(context));
            Map(group, path + "/register", HttpMethods.Post, (context, _, _) => handler.RegisterAsync(context));
            Map(group, path + "/unregister", HttpMethods.Post, (context, _, _) => handler.UnregisterAsync(context));
        }
    }

    private static void MapModel(IEndpointRouteBuilder group, string action, string method, Func<HttpContext, string, string, Task> handler)
    {
        Map(group, "/v2/models/{model}" + action, method, handler);
        Map(group, "/v2/models/{model}/versions/{version}" + action, method, handler);
    }

    private static void Map(IEndpointRouteBuilder group, string pattern, string method, Func<HttpContext, string, string, Task> handler) => Map(group, pattern, [method], handler);

    /// <param name="group">Where to.</param>
    /// <param name="pattern">The route as the protocol has it.</param>
    /// <param name="methods">Its methods.</param>
    /// <param name="handler">What answers it.</param>
    /// <param name="match">What the router goes by, where that is not the pattern itself.</param>
    private static void Map(IEndpointRouteBuilder group, string pattern, string[] methods, Func<HttpContext, string, string, Task> handler, RoutePattern? match = null)
    {
        RequestDelegate answer = new KServeRoute(pattern, methods, handler, group.ServiceProvider.GetRequiredService<InferenceEndpoints>()).HandleAsync;
        var route = group.Map(match ?? RoutePatternFactory.Parse(pattern), answer).WithDisplayName($"KServe {string.Join(", ", methods)} {pattern}");
        if (ApiCategories.OfRoute(pattern) is { } category)
        {
            route.WithMetadata(new ApiCategoryMetadata(category));
        }

        if (AccessRules.OfRoute(pattern) is { } rule)
        {
            route.WithMetadata(new AccessMetadata(rule) { Action = pattern });
        }
    }
}
