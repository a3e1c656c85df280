using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Routing;

/// <summary>Log messages of aliases: event ids 4300 to 4399.</summary>
internal static partial class RoutingLog
{
    [LoggerMessage(4300, LogLevel.Error, "The aliases stay as they are, since the file is wrong: {Problems}")]
    public static partial void FileRefused(ILogger logger, string problems);

    [LoggerMessage(4301, LogLevel.Information, "Alias {Alias} is in force: {Description}")]
    public static partial void Changed(ILogger logger, string alias, string description);

    [LoggerMessage(4302, LogLevel.Information, "Alias {Alias} is gone")]
    public static partial void Removed(ILogger logger, string alias);

    [LoggerMessage(4303, LogLevel.Warning, "Alias {Alias} is rolled back, all its traffic goes to {Stable}: {Reason}")]
    public static partial void RolledBack(ILogger logger, string alias, string stable, string reason);

    [LoggerMessage(4304, LogLevel.Warning, "Alias {Alias} is not in force: a repository has a model of this name, which goes before")]
    public static partial void HiddenByModel(ILogger logger, string alias);

    [LoggerMessage(4305, LogLevel.Warning, "Alias {Alias}: no repository has the model '{Model}' now; its share goes to the other targets")]
    public static partial void NoSuchModel(ILogger logger, string alias, string model);

    [LoggerMessage(4307, LogLevel.Warning, "Alias {Alias}: '{Model}' may be one of {Choices}; its share goes to the other targets until the alias says which")]
    public static partial void SeveralModels(ILogger logger, string alias, string model, string choices);

    [LoggerMessage(4306, LogLevel.Warning, "A copy for the shadow {Model} ended with an unexpected exception; it is dropped")]
    public static partial void ShadowThrew(ILogger logger, Exception exception, string model);
}
