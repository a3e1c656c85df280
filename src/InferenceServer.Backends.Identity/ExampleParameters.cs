using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Identity.Repeat;

namespace InferenceServer.Backends.Identity;

/// <summary>The <c>parameters</c> that models of the example backends may have, for trying out how a server and its clients bear delays and failures.</summary>
public static class ExampleParameters
{
    /// <summary>Those of <c>identity</c>.</summary>
    public static ImmutableArray<SettingDescription> OfIdentity { get; } =
    [
        new(IdentitySettings.DelayKey, FormattableString.Invariant($"milliseconds, 0 to {IdentitySettings.MaxDelayMilliseconds}"), "0", "How long each execution takes."),
        new(IdentitySettings.FailKey, "text", "no failure", "The message of the failure; alone, every execution fails."),
        new(IdentitySettings.FailEveryKey, "number, 1 or more", "none", "Every how many executions one fails."),
    ];

    /// <summary>Those of <c>repeat</c>.</summary>
    public static ImmutableArray<SettingDescription> OfRepeat { get; } = [new(RepeatBackend.FailAfterKey, "number, 0 or more", "no failure", "After how many responses an execution fails.")];
}
