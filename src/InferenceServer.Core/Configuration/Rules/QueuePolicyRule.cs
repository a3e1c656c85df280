using System.Globalization;
using Policy = global::Inference.ModelQueuePolicy;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Priorities are those that there are, and an order of answers is not asked for together with what breaks it.</summary>
internal sealed class QueuePolicyRule : IConfigRule
{
    /// <summary>Each is a queue of its own, looked at before every execution.</summary>
    private const int MaxLevels = 1024;

    public void Check(RuleContext context)
    {
        if (context.Message.DynamicBatching is not { } batching)
        {
            return;
        }

        CheckLevels(context, batching);
        foreach (var level in batching.PriorityQueuePolicy.Keys.Where(level => level < 1 || level > Math.Max(1, batching.PriorityLevels)))
        {
            var path = PathOf(level);
            context.Error(path, FormattableString.Invariant($"there is no priority level {level}: priority_levels is {batching.PriorityLevels}"));
        }

        CheckOrdering(context, batching);
    }

    /// <summary>True when requests that have waited too long go behind others.</summary>
    public static bool DelaysExpired(global::Inference.ModelConfig message) =>
        message.DynamicBatching is { } batching && Policies(batching).Any(static entry => Delays(entry.Policy));

    /// <summary>The policies and where they stand.</summary>
    public static IEnumerable<(string Path, Policy Policy)> Policies(global::Inference.ModelDynamicBatching batching)
    {
        var levels = batching.PriorityQueuePolicy.OrderBy(static entry => entry.Key).Select(static entry => (PathOf(entry.Key), entry.Value));
        return batching.DefaultQueuePolicy is { } policy ? levels.Prepend(("dynamic_batching.default_queue_policy", policy)) : levels;
    }

    private static bool Delays(Policy policy) => policy is { TimeoutAction: Policy.Types.TimeoutAction.Delay, DefaultTimeoutMicroseconds: > 0 };

    private static string PathOf(ulong level) => string.Create(CultureInfo.InvariantCulture, $"dynamic_batching.priority_queue_policy[\"{level}\"]");

    private static void CheckLevels(RuleContext context, global::Inference.ModelDynamicBatching batching)
    {
        if (batching.PriorityLevels > MaxLevels)
        {
            context.Error("dynamic_batching.priority_levels", FormattableString.Invariant($"priority_levels must be at most {MaxLevels}, found {batching.PriorityLevels}"));
        }
        else if (batching.PriorityLevels > 0 && (batching.DefaultPriorityLevel < 1 || batching.DefaultPriorityLevel > batching.PriorityLevels))
        {
            context.Error(
                batching.DefaultPriorityLevel == 0 ? "dynamic_batching.priority_levels" : "dynamic_batching.default_priority_level",
                FormattableString.Invariant($"default_priority_level must be from 1 to priority_levels, which is {batching.PriorityLevels}, found {batching.DefaultPriorityLevel}"),
                "write the level of requests that name none");
        }
        else if (batching is { PriorityLevels: 0, DefaultPriorityLevel: > 0 })
        {
            context.Warn("dynamic_batching.default_priority_level", "default_priority_level has no effect: there are no priority_levels");
        }
    }

    private static void CheckOrdering(RuleContext context, global::Inference.ModelDynamicBatching batching)
    {
        if (!batching.PreserveOrdering)
        {
            return;
        }

        const string path = "dynamic_batching.preserve_ordering";
        if (batching.PriorityLevels > 1)
        {
            context.Error(path, FormattableString.Invariant($"preserve_ordering cannot hold with priority_levels, which is {batching.PriorityLevels}: priorities are another order"), "leave out one of them");
        }

        foreach (var (policy, _) in Policies(batching).Where(static entry => Delays(entry.Policy)))
        {
            context.Error(path, $"preserve_ordering cannot hold with the timeout_action DELAY of {policy["dynamic_batching.".Length..]}, which serves requests out of their order", "leave out one of them");
        }

        if (context.Message.ModelTransactionPolicy is { Decoupled: true })
        {
            context.Error(path, "preserve_ordering cannot hold for a decoupled model, whose responses to several requests come as they are made", "leave out one of them");
        }
    }
}
