using System.Security.Cryptography.X509Certificates;

namespace InferenceServer.Caches.Redis.Settings;

/// <summary>Where a Redis is and how it is spoken to. Immutable; made by <see cref="RedisSettingsReader"/>.</summary>
public sealed class RedisSettings
{
    internal RedisSettings()
    {
    }

    /// <summary>The name or address of the machine.</summary>
    public required string Host { get; init; }

    public int Port { get; init; } = 6379;

    /// <summary>The user; null for Redis' own default.</summary>
    public string? User { get; init; }

    /// <summary>The password; null for none.</summary>
    public string? Password { get; init; }

    /// <summary>The number of the database.</summary>
    public int Database { get; init; }

    /// <summary>How long an attempt to connect may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an answer may take before the request goes on without it.</summary>
    public TimeSpan SocketTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How many connections are kept.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>True when the connections are encrypted.</summary>
    public bool UsesTls { get; init; }

    /// <summary>Who the server is to Redis; null when it shows no certificate.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whom certificates must come from; null for those whom the system trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The name that the certificate of Redis must have; null for the host's.</summary>
    public string? ServerName { get; init; }
}
