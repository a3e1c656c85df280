namespace InferenceServer.Host.Security;

/// <summary>Log messages of access control: event ids 8000 to 8099, and those at start 8200 to 8299. None of them has the value of a header.</summary>
internal static partial class SecurityLog
{
    [LoggerMessage(8000, LogLevel.Debug, "A request to '{Endpoint}' was refused: the header that it is restricted to ({Header}) was missing or wrong")]
    public static partial void Refused(ILogger logger, string endpoint, string header);

    [LoggerMessage(8001, LogLevel.Error, "{What} could not look at its files; it goes on with what it has")]
    public static partial void FollowingFailed(ILogger logger, Exception exception, string what);

    [LoggerMessage(8200, LogLevel.Warning, "Unsafe: {Problem} {Advice}")]
    public static partial void Unsafe(ILogger logger, string problem, string advice);
}
