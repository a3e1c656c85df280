using System.Globalization;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>
/// A parameter of the server's own: the latency that 95 of 100 requests are to stay under, from which sizes and waits of batches follow. It takes the place of those
/// that a file would otherwise give.
/// </summary>
internal sealed class LatencyTargetRule : IConfigRule
{
    public const string Key = "latency_target_ms";
    public const string Path = $"parameters[\"{Key}\"]";

    public const double MaxMilliseconds = 600_000;

    public void Check(RuleContext context)
    {
        if (!context.Message.Parameters.TryGetValue(Key, out var parameter))
        {
            return;
        }

        if (!TryRead(parameter.StringValue, out _))
        {
            context.Error(Path, FormattableString.Invariant($"parameter '{Key}' must be a number of milliseconds above 0, at most {MaxMilliseconds}, found '{parameter.StringValue}'"));
        }
        else if (context.MaxBatchSize is 0 or 1)
        {
            context.Error(Path, FormattableString.Invariant($"parameter '{Key}' decides on batches, but max_batch_size is {context.MaxBatchSize}"), "leave it out, or write the largest batch that the model takes as max_batch_size");
        }

        if (context.Message.ModelTransactionPolicy is { Decoupled: true })
        {
            context.Error(Path, $"parameter '{Key}' decides on batches, which a decoupled model's requests are not put into", "leave it out");
        }

        if (context.Message.SequenceBatching is not null)
        {
            context.Error(Path, $"parameter '{Key}' decides on batches of independent requests, which those of sequences are not", "leave it out");
        }

        if (context.Message.DynamicBatching is { MaxQueueDelayMicroseconds: > 0 })
        {
            context.Error("dynamic_batching.max_queue_delay_microseconds", $"max_queue_delay_microseconds and the parameter '{Key}' both say how long requests wait for company", "leave out one of them");
        }

        // The largest size alone is what is shown where none is preferred, and reads back.
        if (context.Message.DynamicBatching is { } batching && batching.PreferredBatchSize.Any(size => size != context.MaxBatchSize))
        {
            context.Error("dynamic_batching.preferred_batch_size", $"preferred_batch_size and the parameter '{Key}' both say how large batches are", "leave out one of them");
        }
    }

    /// <summary>What a message that has been checked says; null when it does not.</summary>
    public static TimeSpan? Of(global::Inference.ModelConfig message) =>
        message.Parameters.TryGetValue(Key, out var parameter) && TryRead(parameter.StringValue, out var milliseconds) ? TimeSpan.FromMilliseconds(milliseconds) : null;

    private static bool TryRead(string text, out double milliseconds) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out milliseconds) && milliseconds is > 0 and <= MaxMilliseconds;
}
