using InferenceServer.Abstractions.Models;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Scheduling;

/// <summary>Log messages of the schedulers: event ids 3000 to 3999.</summary>
internal static partial class SchedulingLog
{
    [LoggerMessage(3000, LogLevel.Error, "Model {Model} version {Version} failed with an unexpected exception; its lane goes on (requests {RequestId}, traces of the callers: {TraceId})")]
    public static partial void LaneFailed(ILogger logger, Exception exception, string model, long version, string requestId, string traceId);

    [LoggerMessage(3001, LogLevel.Error, "Model {Model} version {Version}: the memory of an execution could not be given back")]
    public static partial void ReleaseFailed(ILogger logger, Exception exception, string model, long version);

    [LoggerMessage(3003, LogLevel.Warning, "Model {Model}: the system does not let instance {Instance} be kept to the processors {Processors}; it runs on any")]
    public static partial void NotKept(ILogger logger, string model, string instance, ProcessorSet processors);

    [LoggerMessage(3004, LogLevel.Information, "Model {Model} version {Version}: executions at once, {More} against {Less}, get {Ratio:0.00} times as much done; it runs {Chosen} from now on")]
    public static partial void LanesTried(ILogger logger, string model, long version, string more, string less, double ratio, string chosen);

    [LoggerMessage(3005, LogLevel.Information, "Model {Model} version {Version}: most of those who were waited for did not come; it runs {Chosen} from now on")]
    public static partial void GatheredInVain(ILogger logger, string model, long version, string chosen);

    [LoggerMessage(3002, LogLevel.Error, "Model {Model} version {Version}: an instance that is not wanted any more could not be freed")]
    public static partial void RetireFailed(ILogger logger, Exception exception, string model, long version);
}
