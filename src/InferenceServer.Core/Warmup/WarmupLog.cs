using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Warmup;

/// <summary>Log messages of the warm-up: event ids 2100 to 2199.</summary>
internal static partial class WarmupLog
{
    [LoggerMessage(2100, LogLevel.Information, "Model {Model} version {Version} is warm after {Executions} executions in {Milliseconds:F0} ms")]
    public static partial void Warm(ILogger logger, string model, long version, long executions, double milliseconds);
}
