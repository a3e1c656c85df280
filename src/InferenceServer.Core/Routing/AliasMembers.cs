using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Core.Routing;

/// <summary>What the objects of <c>aliases.json</c> may have. A member of another name is a mistake.</summary>
public static class AliasMembers
{
    private static readonly SettingDescription s_model = new(AliasNames.Model, "name of a model", "", "The model; no alias.");
    private static readonly SettingDescription s_version = new(AliasNames.Version, "number above 0", "the highest one that is ready", "Its version.");

    /// <summary>The file itself.</summary>
    public static ImmutableArray<SettingDescription> File { get; } = [new(AliasNames.Aliases, $"object, at most {Text(AliasConfig.MaxAliases)} members", "", "Each alias by its name.")];

    /// <summary>One alias.</summary>
    public static ImmutableArray<SettingDescription> Alias { get; } =
    [
        new(AliasNames.Targets, $"list of 1 to {Text(AliasConfig.MaxTargets)}", "", "Who answers."),
        new(AliasNames.Shadow, "object", "nobody", "Who sees copies of the requests; its answers are seen by nobody."),
        new(AliasNames.StickyHeader, "name of a header", "chance decides", "The header whose value decides on the target, so that a user stays with one."),
        new(AliasNames.Rollback, "object", "never", "When everything goes back to the stable target by itself."),
    ];

    /// <summary>An entry of <c>targets</c>.</summary>
    public static ImmutableArray<SettingDescription> Target { get; } =
    [
        s_model, s_version,
        new(AliasNames.Weight, $"number, 0 to {Text(AliasConfig.MaxWeight)}", "", "Its share of the traffic, against the sum of all weights."),
        new(AliasNames.Stable, "true or false", "false", "The target that everything goes back to, and that describes the alias. Of several targets exactly one says so."),
    ];

    /// <summary>The member <c>shadow</c>.</summary>
    public static ImmutableArray<SettingDescription> Shadow { get; } =
    [
        s_model, s_version,
        new(AliasNames.Fraction, "number, 0 to 1", "1", "Which part of the requests is copied."),
        new(AliasNames.MaxInFlight, $"number, 1 to {Text(AliasShadow.MostInFlight)}", Text(AliasShadow.DefaultMaxInFlight), "How many copies may be on their way; more are dropped and counted."),
        new(AliasNames.TimeoutMs, $"milliseconds, 1 to {Text(AliasShadow.MostMilliseconds)}", Text(AliasShadow.DefaultTimeout.TotalMilliseconds), "How long a copy may take."),
    ];

    /// <summary>The member <c>rollback</c>: one of the two limits at least.</summary>
    public static ImmutableArray<SettingDescription> Rollback { get; } =
    [
        new(AliasNames.MaxErrorRate, "number, 0 to 1", "no limit", "Which part of a target's requests may fail."),
        new(AliasNames.MaxLatencyMs, $"milliseconds, {Text(RollbackConfig.LeastMilliseconds)} to {Text(RollbackConfig.MostMilliseconds)}", "no limit", "What 95 of 100 of a target's requests must not take longer than."),
        new(AliasNames.MinRequests, $"number, 1 to {Text(RollbackConfig.MostRequests)}", Text(RollbackConfig.DefaultMinRequests), "How many requests must have ended within the window before anything is decided."),
        new(AliasNames.WindowSeconds, $"seconds, 1 to {Text(RollbackConfig.MostSeconds)}", Text(RollbackConfig.DefaultWindow.TotalSeconds), "How far back is looked."),
    ];

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
