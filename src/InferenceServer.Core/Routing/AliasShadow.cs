namespace InferenceServer.Core.Routing;

/// <summary>A model that sees copies of an alias's requests and whose answers nobody sees.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Version">The version's number; null for the highest one that is ready.</param>
public sealed record AliasShadow(string Model, long? Version)
{
    /// <summary>How many copies may be on their way when the configuration does not say.</summary>
    public const int DefaultMaxInFlight = 16;

    /// <summary>The most copies that may be on their way.</summary>
    public const int MostInFlight = 1024;

    /// <summary>The longest that a copy may take.</summary>
    public const int MostMilliseconds = 600_000;

    /// <summary>How long a copy may take when the configuration does not say.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Which part of the requests is copied, from 0 to 1.</summary>
    public double Fraction { get; init; } = 1;

    /// <summary>How many copies may be on their way at once; more are dropped and counted.</summary>
    public int MaxInFlight { get; init; } = DefaultMaxInFlight;

    /// <summary>How long a copy may take before it is given up.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;
}
