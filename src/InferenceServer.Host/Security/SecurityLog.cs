namespace InferenceServer.Host.Security;

/// <summary>Log messages of access control: event ids 8000 to 8999. None of them has the value of a header.</summary>
internal static partial class SecurityLog
{
    [LoggerMessage(8000, LogLevel.Debug, "A request to '{Endpoint}' was refused: the header that it is restricted to ({Header}) was missing or wrong")]
    public static partial void Refused(ILogger logger, string endpoint, string header);
}
