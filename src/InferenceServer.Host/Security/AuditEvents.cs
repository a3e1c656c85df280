namespace InferenceServer.Host.Security;

/// <summary>Log messages of the audit log: event ids 8100 to 8199.</summary>
internal static partial class AuditEvents
{
    [LoggerMessage(8100, LogLevel.Information, "Control action {Action} on {Subject} by {Caller} from {Address}: {Outcome}")]
    public static partial void Done(ILogger logger, string action, string subject, string caller, string address, string outcome);

    [LoggerMessage(8101, LogLevel.Warning, "Control action {Action} on {Subject} by {Caller} from {Address} was refused: {Outcome}")]
    public static partial void Refused(ILogger logger, string action, string subject, string caller, string address, string outcome);
}
