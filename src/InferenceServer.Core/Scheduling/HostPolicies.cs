using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Scheduling;

/// <summary>On which processors of the host instances run, by the names that <c>host_policy</c> gives (<c>--host-policy</c>).</summary>
public sealed record HostPolicies
{
    /// <summary>Every instance runs on any processor.</summary>
    public static HostPolicies None { get; } = new();

    /// <summary>The processors of each policy.</summary>
    public ImmutableDictionary<string, ProcessorSet> Processors { get; init; } = ImmutableDictionary<string, ProcessorSet>.Empty;

    /// <summary>The name of the policy of an instance: that of its group or, as in Triton, that of its kind of device.</summary>
    internal static string NameOf(InstanceGroup group, int device) => group switch
    {
        { HostPolicy.Length: > 0 } => group.HostPolicy,
        { Kind: InstanceKind.Gpu } => FormattableString.Invariant($"gpu_{device}"),
        { Kind: InstanceKind.Model } => "model",
        _ => "cpu",
    };

    /// <summary>The processors that an instance of a group has to itself and others; null when it may run on any.</summary>
    internal ProcessorSet? Of(InstanceGroup group, int device) => Processors.GetValueOrDefault(NameOf(group, device));

    /// <summary>The policies that groups name and that there are not.</summary>
    internal IEnumerable<string> Missing(ModelConfig config) =>
        config.InstanceGroups.Select(static group => group.HostPolicy).Where(name => name.Length > 0 && !Processors.ContainsKey(name)).Distinct(StringComparer.Ordinal);
}
