namespace InferenceServer.Host.Identities;

/// <summary>Log messages of callers: event ids 8400 to 8499. None of them has a key, a hash or a token.</summary>
internal static partial class IdentityLog
{
    [LoggerMessage(8400, LogLevel.Information, "The access file is in force: {Count} callers are known")]
    public static partial void InForce(ILogger logger, int count);

    [LoggerMessage(8401, LogLevel.Warning, "The new access file is not used, and the old one stays in force: {Problem}")]
    public static partial void Refused(ILogger logger, string problem);

    [LoggerMessage(8410, LogLevel.Information, "{Count} keys of the issuer of tokens are known")]
    public static partial void Keys(ILogger logger, int count);

    [LoggerMessage(8411, LogLevel.Warning, "The keys of the issuer of tokens cannot be had, and those known before stay: {Problem}")]
    public static partial void NoKeys(ILogger logger, string problem);
}
