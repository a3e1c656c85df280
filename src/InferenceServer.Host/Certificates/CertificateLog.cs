namespace InferenceServer.Host.Certificates;

/// <summary>Log messages of certificates: event ids 8300 to 8399.</summary>
internal static partial class CertificateLog
{
    [LoggerMessage(8300, LogLevel.Information, "TLS of {Listener} uses the certificate of {Subject}, which is valid until {ExpiresAt:u}")]
    public static partial void InForce(ILogger logger, string listener, string subject, DateTimeOffset expiresAt);

    [LoggerMessage(8301, LogLevel.Warning, "The new certificate of {Listener} is not used: {Problem}. The old one goes on serving; it is valid until {ExpiresAt:u}")]
    public static partial void Refused(ILogger logger, string listener, string problem, DateTimeOffset expiresAt);

    [LoggerMessage(8302, LogLevel.Warning, "The certificate of {Listener}, valid until {ExpiresAt:u}, {What}: put a new one into its files")]
    public static partial void Expires(ILogger logger, string listener, DateTimeOffset expiresAt, string what);
}
