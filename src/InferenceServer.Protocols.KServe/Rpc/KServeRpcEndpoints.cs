using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.Tracing;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Memory;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Registers and maps the KServe v2 service over gRPC, the standard health service and server reflection.</summary>
public static class KServeRpcEndpoints
{
    /// <summary>
    /// Registers the services. The host also registers an <see cref="Core.Inference.IInferenceEngine"/> and an
    /// <see cref="Core.Inference.IModelControl"/>.
    /// </summary>
    public static IServiceCollection AddKServeRpc(this IServiceCollection services, KServeRpcOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxReceiveMessageBytes, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxInflatedBytes, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxSendMessageBytes, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxUnreadBytesPerStream, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.HealthWatchInterval, TimeSpan.Zero, nameof(options));

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxRequestsPerStream, nameof(options));

        services.AddSingleton(options);
        services.TryAddSingleton<InferenceEndpoints>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddRequestMemory();
        services.AddSingleton<InferenceRpcService>();
        services.AddSingleton<HealthRpcService>();
        services.AddSingleton<RpcFailureInterceptor>();
        services.AddSingleton<PlainAnswerInterceptor>();
        services.AddSingleton<AccessInterceptor>();

        // The limits belong to these services alone: other front doors may speak gRPC with limits of their own.
        services.AddGrpc()
            .AddServiceOptions<InferenceRpcService>(service =>
            {
                service.MaxReceiveMessageSize = options.MaxReceiveMessageBytes;
                service.MaxSendMessageSize = options.MaxSendMessageBytes;
                service.Interceptors.Add<RpcFailureInterceptor>();
                if (options.ChecksCallers)
                {
                    service.Interceptors.Add<AccessInterceptor>();
                }

                var inflated = Math.Min(options.MaxInflatedBytes, options.MaxReceiveMessageBytes);
                service.CompressionProviders = [new RpcCompressionProvider(ContentCoding.Gzip, inflated), new RpcCompressionProvider(ContentCoding.Deflate, inflated)];
                if (options.InferResponseCompression is { } level)
                {
                    service.ResponseCompressionAlgorithm = ContentCodings.NameOf(ContentCoding.Gzip);
                    service.ResponseCompressionLevel = level;
                    service.Interceptors.Add<PlainAnswerInterceptor>();
                }
            })
            .AddServiceOptions<HealthRpcService>(service =>
            {
                service.Interceptors.Add<RpcFailureInterceptor>();
                if (options.ChecksCallers)
                {
                    service.Interceptors.Add<AccessInterceptor>();
                }
            });
        if (options.EnableReflection)
        {
            services.AddGrpcReflection();
        }

        return services;
    }

    /// <summary>Maps the services; conventions on the result, such as a host or a policy, apply to all of them.</summary>
    public static IEndpointConventionBuilder MapKServeRpc(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var group = endpoints.MapGroup("");

        // Kestrel's limit of 30 MB on bodies would cut large tensors off; the message size is limited by gRPC itself.
        group.MapGrpcService<InferenceRpcService>().WithMetadata(NoBodySizeLimit.Instance);
        group.MapGrpcService<HealthRpcService>();
        if (endpoints.ServiceProvider.GetRequiredService<KServeRpcOptions>().EnableReflection)
        {
            group.MapGrpcReflectionService();
        }

        ((IEndpointConventionBuilder)group).Finally(Categorise);
        ((IEndpointConventionBuilder)group).Finally(endpoint => Gate(endpoint, endpoints.ServiceProvider));
        return group;
    }

    /// <summary>Spares the router the calls that run models. To be used in front of it.</summary>
    public static void UseKnownRpcEndpoints(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var endpoints = app.ApplicationServices.GetRequiredService<InferenceEndpoints>();
        app.Use(next => context =>
        {
            if (endpoints.FindRpc(context.Request.Path.Value) is { } endpoint)
            {
                context.SetEndpoint(endpoint);

                // The router would see to it, since the endpoint says so of itself.
                if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                {
                    limit.MaxRequestBodySize = NoBodySizeLimit.Instance.MaxRequestBodySize;
                }
            }

            return next(context);
        });
    }

    /// <summary>Has the calls with one message wait for its room; those of a stream do so by themselves.</summary>
    private static void Gate(EndpointBuilder endpoint, IServiceProvider services)
    {
        if (endpoint.RequestDelegate is not { } library || endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is not { Method.Type: MethodType.Unary } rpc || rpc.ServiceType != typeof(InferenceRpcService))
        {
            return;
        }

        var options = services.GetRequiredService<KServeRpcOptions>();
        var memory = services.GetRequiredService<RequestMemoryGate>();
        RequestDelegate gated = new GatedCall(library, memory, options).HandleAsync;
        if (rpc.Method.Name != nameof(InferenceRpcService.ModelInfer))
        {
            endpoint.RequestDelegate = gated;
            return;
        }

        var engine = services.GetRequiredService<IInferenceEngine>();
        var logger = services.GetRequiredService<ILogger<PlainInferCall>>();
        endpoint.RequestDelegate = new PlainInferCall(
            RpcArrival.Watch(library, engine.Tracer),
            RpcArrival.Watch(gated, engine.Tracer),
            engine,
            services.GetRequiredService<IModelControl>(),
            options,
            memory,
            services.GetRequiredService<InferenceEndpoints>(),
            logger).HandleAsync;
    }

    private static void Categorise(EndpointBuilder endpoint)
    {
        var rpc = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault();

        // What gRPC maps beside the rpcs answers that there is no such rpc or service.
        var category = rpc is null ? null : ApiCategories.OfRpc(rpc.Method.ServiceName, rpc.Method.Name);
        if (rpc is null || category is not null)
        {
            endpoint.Metadata.Add(new ApiCategoryMetadata(category));
        }

        if ((rpc is null ? AccessRule.Nothing : AccessRules.OfRpc(rpc.Method.ServiceName, rpc.Method.Name)) is { } rule)
        {
            endpoint.Metadata.Add(new AccessMetadata(rule) { Action = rpc?.Method.FullName ?? "", IsRpc = true, IsStream = rpc?.Method.Type is MethodType.DuplexStreaming or MethodType.ClientStreaming });
        }
    }
}
