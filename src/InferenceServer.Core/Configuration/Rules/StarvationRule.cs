using System.Globalization;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>
/// A parameter of the server's own: for how long a lower priority may wait without any request of it being run. Triton knows no such bound: there it waits for as
/// long as there are requests of higher ones.
/// </summary>
internal sealed class StarvationRule : IConfigRule
{
    public const string Key = "max_starvation_ms";

    public const int MaxMilliseconds = 24 * 60 * 60 * 1000;
    /// <summary>What holds where a file does not say.</summary>
    public static TimeSpan Default { get; } = TimeSpan.FromSeconds(1);

    public void Check(RuleContext context)
    {
        if (!context.Message.Parameters.TryGetValue(Key, out var parameter))
        {
            return;
        }

        if (!TryRead(parameter.StringValue, out _))
        {
            context.Error($"parameters[\"{Key}\"]", FormattableString.Invariant($"parameter '{Key}' must be a whole number of milliseconds from 0 to {MaxMilliseconds}, found '{parameter.StringValue}'"));
        }
        else if (context.Message.DynamicBatching is not { PriorityLevels: > 1 } && !QueuePolicyRule.DelaysExpired(context.Message))
        {
            context.Warn($"parameters[\"{Key}\"]", $"parameter '{Key}' has no effect: all requests have the same priority");
        }
    }

    /// <summary>What a message that has been checked says; a second when it does not.</summary>
    public static TimeSpan Of(global::Inference.ModelConfig message) =>
        message.Parameters.TryGetValue(Key, out var parameter) && TryRead(parameter.StringValue, out var milliseconds) ? TimeSpan.FromMilliseconds(milliseconds) : Default;

    private static bool TryRead(string text, out int milliseconds) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out milliseconds) && milliseconds <= MaxMilliseconds;
}
