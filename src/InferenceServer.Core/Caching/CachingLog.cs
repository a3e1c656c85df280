using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Caching;

/// <summary>Log messages of the response cache: event ids 4400 to 4499.</summary>
internal static partial class CachingLog
{
    [LoggerMessage(4400, LogLevel.Warning, "response_cache of model {Model} has no effect: the server was started without --cache-config")]
    public static partial void NoCache(ILogger logger, string model);

    [LoggerMessage(4401, LogLevel.Warning, "The response cache ({Store}) is away, requests run without it: {Reason}")]
    public static partial void StoreAway(ILogger logger, string store, string reason);

    [LoggerMessage(4402, LogLevel.Information, "The response cache ({Store}) answers again")]
    public static partial void StoreBack(ILogger logger, string store);

    [LoggerMessage(4403, LogLevel.Warning, "The response cache ({Store}) holds something that is no answer of this server; such entries are written over, counted and not logged again")]
    public static partial void Unreadable(ILogger logger, string store);

    [LoggerMessage(4404, LogLevel.Error, "The response cache ({Store}) failed unexpectedly; requests run without it")]
    public static partial void StoreThrew(ILogger logger, Exception exception, string store);

    [LoggerMessage(4406, LogLevel.Warning, "The response cache ({Store}) refuses what it is asked: {Reason}; that it does is counted and not logged again before it takes something")]
    public static partial void StoreRefuses(ILogger logger, string store, string reason);

    [LoggerMessage(4405, LogLevel.Warning, "The files of version {Version} of model {Model} have changed while it was loaded: its answers are not shared with other servers")]
    public static partial void FilesChanged(ILogger logger, string model, long version);

    [LoggerMessage(4407, LogLevel.Warning, "The files of version {Version} of model {Model} cannot be read any more: the answers of ensembles that lead to it are not shared with other servers")]
    public static partial void FilesUnreadable(ILogger logger, Exception exception, string model, long version);
}
