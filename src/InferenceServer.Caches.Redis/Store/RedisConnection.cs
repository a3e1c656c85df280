using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using InferenceServer.Caches.Redis.Settings;
using StackExchange.Redis;

namespace InferenceServer.Caches.Redis.Store;

/// <summary>Puts settings into the words of the client library.</summary>
internal static class RedisConnection
{
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromSeconds(2);

    public static ConfigurationOptions Describe(RedisSettings settings)
    {
        var options = new ConfigurationOptions
        {
            EndPoints = { { settings.Host, settings.Port } },
            User = settings.User,
            Password = settings.Password,
            DefaultDatabase = settings.Database,
            ClientName = "inference-server",

            // A server that is away at the start comes later.
            AbortOnConnectFail = false,
            ConnectTimeout = (int)settings.ConnectTimeout.TotalMilliseconds,
            AsyncTimeout = (int)settings.SocketTimeout.TotalMilliseconds,
            SyncTimeout = (int)settings.SocketTimeout.TotalMilliseconds,
            ReconnectRetryPolicy = new LinearRetry((int)s_longestRetry.TotalMilliseconds),

            // A lookup that waits for a connection is worth less than the execution that it saves.
            BacklogPolicy = BacklogPolicy.FailFast,
            Ssl = settings.UsesTls,
            SslHost = settings.ServerName ?? settings.Host,
        };
        if (settings.Certificate is { } certificate)
        {
            options.CertificateSelection += (_, _, _, _, _) => certificate;
        }

        if (settings.Authorities is { } authorities)
        {
            options.CertificateValidation += (_, given, _, errors) => IsTrusted(given, authorities, errors);
        }

        return options;
    }

    /// <summary>True when a certificate has the right name and comes from one of the given authorities, whatever the system thinks of these.</summary>
    private static bool IsTrusted(X509Certificate? given, X509Certificate2Collection authorities, SslPolicyErrors errors)
    {
        if (given is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var certificate = new X509Certificate2(given);
        return chain.Build(certificate);
    }
}
