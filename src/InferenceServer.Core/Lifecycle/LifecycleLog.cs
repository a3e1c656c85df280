using InferenceServer.Core.Residency;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Log messages of repository and lifecycle: event ids 1000 to 2999; those of backends, 7000 and up, pass through here too.</summary>
internal static partial class LifecycleLog
{
    [LoggerMessage(1000, LogLevel.Warning, "Model {Model}: folder '{Entry}' is ignored, a version is a decimal number above 0 without leading zeros")]
    public static partial void OddVersion(ILogger logger, string model, string entry);

    [LoggerMessage(1001, LogLevel.Error, "The model repository cannot be read")]
    public static partial void ScanFailed(ILogger logger, Exception exception);

    [LoggerMessage(2000, LogLevel.Information, "Model {Model} version {Version} is loading")]
    public static partial void Loading(ILogger logger, string model, long version);

    [LoggerMessage(2001, LogLevel.Information, "Model {Model} version {Version} is ready after {Milliseconds:F0} ms")]
    public static partial void Ready(ILogger logger, string model, long version, double milliseconds);

    [LoggerMessage(2002, LogLevel.Error, "Model {Model} version {Version} failed to load: {Reason}")]
    public static partial void LoadFailed(ILogger logger, string model, long version, string reason);

    [LoggerMessage(2003, LogLevel.Error, "Model {Model} cannot be loaded: {Reason}")]
    public static partial void ModelRefused(ILogger logger, string model, string reason);

    [LoggerMessage(2070, LogLevel.Warning, "Ensemble {Ensemble} cannot serve: {Reason}")]
    public static partial void EnsembleBlocked(ILogger logger, string ensemble, string reason);

    [LoggerMessage(2004, LogLevel.Information, "Model {Model} version {Version} is unloaded")]
    public static partial void Unloaded(ILogger logger, string model, long version);

    [LoggerMessage(2005, LogLevel.Warning, "Model {Model} version {Version} still has requests after the time that the server may take to stop; they are abandoned")]
    public static partial void DrainTimedOut(ILogger logger, string model, long version);

    [LoggerMessage(2006, LogLevel.Error, "Model {Model} version {Version}: the load ended with an unexpected exception")]
    public static partial void LoadThrew(ILogger logger, Exception exception, string model, long version);

    [LoggerMessage(2007, LogLevel.Warning, "Model {Model}: {Warning}")]
    public static partial void ConfigWarning(ILogger logger, string model, string warning);

    [LoggerMessage(2008, LogLevel.Error, "The lifecycle loop ended with an unexpected exception")]
    public static partial void LoopFailed(ILogger logger, Exception exception);

    [LoggerMessage(2009, LogLevel.Warning, "The exit timeout passed with requests in flight; they were broken off")]
    public static partial void ExitTimedOut(ILogger logger);

    [LoggerMessage(2010, LogLevel.Error, "Model {Model} version {Version}: the unload ended with an unexpected exception")]
    public static partial void UnloadThrew(ILogger logger, Exception exception, string model, long version);

    [LoggerMessage(2011, LogLevel.Warning, "The exit timeout passed before every model was unloaded; the process ends without them")]
    public static partial void StopTimedOut(ILogger logger);

    [LoggerMessage(2012, LogLevel.Warning, "The files that came with a load request cannot be deleted")]
    public static partial void OverrideNotDeleted(ILogger logger, Exception exception);

    [LoggerMessage(2013, LogLevel.Error, "Model {Model}: the files that came with a load request cannot be stored")]
    public static partial void OverrideNotStored(ILogger logger, Exception exception, string model);

    [LoggerMessage(2050, LogLevel.Information, "Model {Model} leaves the memory until it is asked for again: {Reason}")]
    public static partial void Evicted(ILogger logger, string model, EvictionReason reason);

    [LoggerMessage(7000, LogLevel.Information, "Model {Model} version {Version}: {Message}")]
    public static partial void BackendInfo(ILogger logger, string model, long version, string message);

    [LoggerMessage(7001, LogLevel.Warning, "Model {Model} version {Version}: {Message}")]
    public static partial void BackendWarning(ILogger logger, string model, long version, string message);

    [LoggerMessage(2014, LogLevel.Warning, "Model {Model} version {Version} is not wanted any more and still has requests after {Seconds} s; its memory is freed when the last one has ended")]
    public static partial void DrainSlow(ILogger logger, string model, long version, double seconds);

    [LoggerMessage(2090, LogLevel.Information, "The server is to stop: it is not ready any more, and goes on serving for {Seconds} s")]
    public static partial void Leaving(ILogger logger, double seconds);

    [LoggerMessage(2015, LogLevel.Information, "Model {Model} version {Version}: the load was ended, since it is not wanted any more or the server stops")]
    public static partial void LoadCancelled(ILogger logger, string model, long version);

    [LoggerMessage(1010, LogLevel.Information, "The model repository: {Added} models are new, {Changed} have changed, {Removed} are gone")]
    public static partial void RepositoryChanged(ILogger logger, int added, int changed, int removed);

    [LoggerMessage(1011, LogLevel.Error, "The model repository cannot be read; what serves goes on, and it is tried again")]
    public static partial void PollFailed(ILogger logger, Exception exception);

    [LoggerMessage(1013, LogLevel.Warning, "The name {Model} alone stands for several models now, {Choices}: requests that do not say which are refused")]
    public static partial void PlainNameAmbiguous(ILogger logger, string model, string choices);

    [LoggerMessage(1012, LogLevel.Warning, "Changes in the model repository cannot be watched; they are found by polling")]
    public static partial void WatchFailed(ILogger logger, Exception exception);

    [LoggerMessage(2060, LogLevel.Information, "Model {Model} version {Version} has taken on another configuration without a load after {Milliseconds:F0} ms; instances: {Instances}, {Before} before")]
    public static partial void Tuned(ILogger logger, string model, long version, double milliseconds, int instances, int before);

    [LoggerMessage(2061, LogLevel.Warning, "Model {Model} version {Version}: an instance beside its own could not be made; it serves without")]
    public static partial void NoOtherLane(ILogger logger, Exception exception, string model, long version);

    [LoggerMessage(2062, LogLevel.Warning, "Model {Model} version {Version}: the engine could not get ready to run by one thread an execution; it goes on as before")]
    public static partial void NotReadyForOneThread(ILogger logger, Exception exception, string model, long version);

    [LoggerMessage(2040, LogLevel.Warning, "Model {Model} version {Version} failed to load and is tried again, {Attempt} of {Retries} times: {Reason}")]
    public static partial void LoadRetried(ILogger logger, string model, long version, int attempt, int retries, string reason);
}
