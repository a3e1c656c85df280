using InferenceServer.Host.Certificates;
using InferenceServer.Host.Tokens;

namespace InferenceServer.Host.Security;

/// <summary>Who may come in, and by which door.</summary>
internal sealed record SecurityOptions
{
    /// <summary>Everything is open and in plain text.</summary>
    public static SecurityOptions Open { get; } = new();

    /// <summary>The file of those who are known; null for none.</summary>
    public string? AccessFile { get; init; }

    /// <summary>Which tokens are taken; null for none.</summary>
    public TokenOptions? Tokens { get; init; }

    /// <summary>Whether everybody may ask whether the server lives and is ready.</summary>
    public bool HealthIsPublic { get; init; } = true;

    /// <summary>Whether everybody may read the metrics.</summary>
    public bool MetricsArePublic { get; init; }

    /// <summary>Whether the settings of the log and of tracing may be changed by request.</summary>
    public bool AllowsSettingChanges { get; init; }

    /// <summary>The certificate of the HTTP port; null for plain text.</summary>
    public TlsOptions? HttpTls { get; init; }

    /// <summary>The certificate of the gRPC port; null for plain text.</summary>
    public TlsOptions? GrpcTls { get; init; }

    /// <summary>The certificate of the metrics port; null for plain text.</summary>
    public TlsOptions? MetricsTls { get; init; }

    /// <summary>The pages in browsers that may call over HTTP; null for none.</summary>
    public CorsOptions? Cors { get; init; }

    /// <summary>True when callers are asked who they are.</summary>
    public bool ChecksCallers => AccessFile is not null || Tokens is not null;
}
