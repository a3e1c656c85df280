using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Warmup;

/// <summary>Log messages of the warm-up: event ids 2100 to 2199.</summary>
internal static partial class WarmupLog
{
    [LoggerMessage(2100, LogLevel.Information, "Model {Model} version {Version} is warm after {Executions} executions in {Milliseconds:F0} ms")]
    public static partial void Warm(ILogger logger, string model, long version, long executions, double milliseconds);

    [LoggerMessage(2101, LogLevel.Information, "Model {Model} version {Version} is warm after runs of zeros with {Rows} rows in {Milliseconds:F0} ms; instances: {Instances}")]
    public static partial void AutomaticallyWarm(ILogger logger, string model, long version, string rows, double milliseconds, int instances);

    [LoggerMessage(2102, LogLevel.Warning, "Model {Model} version {Version} serves, but is not warm: it does not take {Reason}; give it model_warmup with inputs that it takes, or set its parameter auto_warmup to false")]
    public static partial void AutomaticFailed(ILogger logger, string model, long version, string reason);
}
