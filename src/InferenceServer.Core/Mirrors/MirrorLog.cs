using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Mirrors;

/// <summary>Log messages of remote repositories: event ids 1020 to 1039.</summary>
internal static partial class MirrorLog
{
    [LoggerMessage(1020, LogLevel.Error, "The model repository {Repository} cannot be read; what serves goes on, and it is tried again: {Reason}")]
    public static partial void Unreachable(ILogger logger, string repository, string reason);

    [LoggerMessage(1021, LogLevel.Information, "The model repository {Repository} can be read again")]
    public static partial void Reachable(ILogger logger, string repository);

    [LoggerMessage(1022, LogLevel.Warning, "The model repository {Repository} cannot be read and is tried again, {Attempt} of {Attempts} times: {Reason}")]
    public static partial void Retried(ILogger logger, string repository, int attempt, int attempts, string reason);

    [LoggerMessage(1023, LogLevel.Information, "Model {Model}: {Objects} objects, {Bytes} bytes, were downloaded from {Repository} in {Milliseconds:F0} ms")]
    public static partial void Downloaded(ILogger logger, string model, int objects, long bytes, string repository, double milliseconds);

    [LoggerMessage(1024, LogLevel.Warning, "The copy of a part of a model that is not used any more cannot be deleted")]
    public static partial void NotDeleted(ILogger logger, Exception exception);

    [LoggerMessage(1025, LogLevel.Warning, "Model {Model}: '{Object}' is downloaded again, {Attempt} of {Attempts} times: {Reason}")]
    public static partial void DownloadRetried(ILogger logger, string model, string @object, int attempt, int attempts, string reason);

    [LoggerMessage(1028, LogLevel.Information, "The copy {Folder} of a repository that is not configured any more has been deleted")]
    public static partial void Abandoned(ILogger logger, string folder);

    [LoggerMessage(1027, LogLevel.Warning, "The model repository {Repository} cannot be listed for the index, which shows what was there before: {Reason}")]
    public static partial void IndexIsOld(ILogger logger, string repository, string reason);

    [LoggerMessage(1026, LogLevel.Error, "Model {Model}: its copy cannot be written")]
    public static partial void NotStored(ILogger logger, Exception exception, string model);
}
