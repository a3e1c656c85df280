namespace InferenceServer.Host.Startup;

/// <summary>Log messages of the process itself: event ids 1 to 999.</summary>
internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Information, "The server has started: {Ready} model versions serve, {Failed} failed to load")]
    public static partial void Started(ILogger logger, int ready, int failed);

    [LoggerMessage(2, LogLevel.Error, "{Failed} models failed to load, and --exit-on-error is set: the server ends")]
    public static partial void ExitOnError(ILogger logger, int failed);

    [LoggerMessage(3, LogLevel.Warning, "Backend {Backend} in {Folder} is not used: {Reason}")]
    public static partial void BrokenBackend(ILogger logger, string backend, string folder, string reason);
}
