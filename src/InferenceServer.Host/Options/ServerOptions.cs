using System.Collections.Immutable;
using System.IO.Compression;
using System.Net;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Tracing;
using InferenceServer.Host.Plugins;
using InferenceServer.Host.Security;
using InferenceServer.Protocols.KServe.Forwarding;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.Credentials;

namespace InferenceServer.Host.Options;

/// <summary>Every setting of the process, read and checked.</summary>
internal sealed record ServerOptions
{
    /// <summary>The repositories that are folders.</summary>
    public required ImmutableArray<string> ModelRepositories { get; init; }

    /// <summary>A model that is in no repository; null for none.</summary>
    public required SingleModel? SingleModel { get; init; }

    /// <summary>The repositories that are elsewhere.</summary>
    public required ImmutableArray<RemoteAddress> RemoteRepositories { get; init; }

    /// <summary>Who the server is to the stores of those.</summary>
    public required CloudCredentials CloudCredentials { get; init; }

    /// <summary>What is kept of those.</summary>
    public required MirrorOptions Mirrors { get; init; }

    public required string Id { get; init; }

    public required ModelControlMode ModelControlMode { get; init; }

    /// <summary>How often the repositories are looked at in poll mode.</summary>
    public required TimeSpan RepositoryPollInterval { get; init; }

    /// <summary>The name of the configuration files that go before the ordinary ones; empty for none.</summary>
    public required string ModelConfigName { get; init; }

    /// <summary>Whether each repository is a namespace.</summary>
    public required bool ModelNamespacing { get; init; }

    /// <summary>Whether links in a repository may lead out of it.</summary>
    public required bool AllowModelLinks { get; init; }

    /// <summary>When models are in memory, and how much of it they may take.</summary>
    public required ResidencyOptions Residency { get; init; }

    /// <summary>How many more times a load that has failed is tried.</summary>
    public required int ModelLoadRetries { get; init; }

    /// <summary>Whether models without samples of their own run made-up inputs before they are ready.</summary>
    public required bool ModelAutoWarmup { get; init; }

    /// <summary>The models to load at start in explicit mode; <c>*</c> alone for all.</summary>
    public required ImmutableArray<string> LoadModels { get; init; }

    public required bool StrictReadiness { get; init; }

    public required bool ExitOnError { get; init; }

    public required TimeSpan ExitTimeout { get; init; }

    /// <summary>How long the server goes on serving when it is told to stop.</summary>
    public required TimeSpan DrainDelay { get; init; }

    public required TimeSpan StartupHold { get; init; }

    public required bool AutoCompleteConfig { get; init; }

    public required int ModelLoadThreads { get; init; }

    public required ImmutableDictionary<string, ImmutableDictionary<string, string>> Backends { get; init; }

    /// <summary>Where answers are kept.</summary>
    public required ResponseCacheSettings ResponseCache { get; init; }

    public required int MaxQueueSize { get; init; }

    public required long MaxQueueBytes { get; init; }

    /// <summary>What an execution may take for the thread that brings the request to run it; zero for never.</summary>
    public required TimeSpan MaxCallerExecution { get; init; }

    /// <summary>For how long requests of a model may wait while no instance takes one before it is not ready; null for ever.</summary>
    public required TimeSpan? StallTimeout { get; init; }

    /// <summary>How many connections the HTTP and gRPC ports may have open together.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>How much memory the bodies of requests may take together.</summary>
    public required RequestMemoryOptions RequestMemory { get; init; }

    /// <summary>How much may run at the same time.</summary>
    public required RateLimiterOptions RateLimiter { get; init; }

    /// <summary>What the backends directory has.</summary>
    public ImmutableArray<BackendFolder> BackendFolders { get; init; } = [];

    /// <summary>On which processors instances run.</summary>
    public required HostPolicies HostPolicies { get; init; }

    /// <summary>Whether clients may register shared memory.</summary>
    public required bool AllowClientShm { get; init; }

    /// <summary>Where HTTP listens; null when it is switched off.</summary>
    public required IPEndPoint? Http { get; init; }

    public required long HttpMaxInputSize { get; init; }

    public required long HttpMaxRequestBytes { get; init; }

    /// <summary>Where gRPC listens; null when it is switched off.</summary>
    public required IPEndPoint? Grpc { get; init; }

    public required int GrpcMaxRequestBytes { get; init; }

    /// <summary>How many bytes a compressed message may become.</summary>
    public required int GrpcMaxInflatedBytes { get; init; }

    /// <summary>How many requests of one stream may be outstanding.</summary>
    public required int GrpcMaxStreamRequests { get; init; }

    /// <summary>What the responses of those may take together, in bytes.</summary>
    public required long GrpcMaxStreamBytes { get; init; }

    /// <summary>How many responses of one request may wait for their reader.</summary>
    public required int GrpcMaxResponsePoolSize { get; init; }

    /// <summary>How gRPC connections are kept and ended.</summary>
    public required ConnectionOptions GrpcConnections { get; init; }

    /// <summary>How hard inference responses over gRPC are compressed; null for not at all.</summary>
    public required CompressionLevel? GrpcInferResponseCompression { get; init; }

    /// <summary>Which headers of HTTP requests become parameters; null for none.</summary>
    public required HeaderForwarding? HttpHeaderForwarding { get; init; }

    /// <summary>Which metadata of gRPC calls become parameters; null for none.</summary>
    public required HeaderForwarding? GrpcHeaderForwarding { get; init; }

    /// <summary>What asks for a header over HTTP.</summary>
    public required ApiRestrictions HttpRestrictions { get; init; }

    /// <summary>What asks for a header over gRPC.</summary>
    public required ApiRestrictions GrpcRestrictions { get; init; }

    /// <summary>Where the metrics listen; null when they are switched off.</summary>
    public required IPEndPoint? Metrics { get; init; }

    /// <summary>Who may come in, and by which door.</summary>
    public SecurityOptions Security { get; init; } = SecurityOptions.Open;

    /// <summary>Where and how requests are traced, from the start on.</summary>
    public required TraceOptions Tracing { get; init; }

    /// <summary>What goes to a collector of OpenTelemetry.</summary>
    public required OpenTelemetryOptions OpenTelemetry { get; init; }

    /// <summary>Which requests get a line in the log.</summary>
    public required RequestLogOptions RequestLog { get; init; }

    /// <summary>What is logged, and how, from the start on.</summary>
    public required LogSettings Log { get; init; }

    /// <summary>What the metrics show.</summary>
    public required MetricsOptions MetricsContent { get; init; }
}
