using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using Group = global::Inference.ModelInstanceGroup;
using Kind = global::Inference.ModelInstanceGroup.Types.Kind;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>Writes the defaults of groups of instances into a message, and reads them out of it.</summary>
internal static class InstanceGroups
{
    /// <summary>The groups of a message that need not have the defaults in it.</summary>
    public static ImmutableArray<InstanceGroup> Of(global::Inference.ModelConfig message, string modelName)
    {
        var completed = new global::Inference.ModelConfig { Name = modelName };
        completed.InstanceGroup.Add(message.InstanceGroup.Select(static group => group.Clone()));
        Normalise(completed);
        return [.. completed.InstanceGroup.Select(Read)];
    }

    public static void Normalise(global::Inference.ModelConfig message)
    {
        if (message.InstanceGroup.Count == 0)
        {
            // Instances share the engine's threads, so a second one gains nothing by default.
            message.InstanceGroup.Add(new Group { Name = message.Name });
        }

        for (var i = 0; i < message.InstanceGroup.Count; i++)
        {
            var group = message.InstanceGroup[i];
            group.Name = group.Name.Length > 0 ? group.Name : FormattableString.Invariant($"{message.Name}_{i}");
            group.Count = Math.Max(1, group.Count);
            group.Kind = group.Kind != Kind.Auto ? group.Kind : group.Gpus.Count > 0 ? Kind.Gpu : Kind.Cpu;
            if (group.Kind == Kind.Gpu && group.Gpus.Count == 0)
            {
                group.Gpus.Add(0);
            }
        }
    }

    /// <summary>What a group of a completed message comes to.</summary>
    public static InstanceGroup Read(Group group) =>
        new(group.Name, group.Count, KindOf(group.Kind), [.. group.Gpus])
        {
            IsPassive = group.Passive,
            HostPolicy = group.HostPolicy,
            Resources = [.. (group.RateLimiter?.Resources ?? []).Select(static resource => new InstanceResource(resource.Name, resource.Global, (int)resource.Count))],
            RatePriority = Math.Max(1, (int)(group.RateLimiter?.Priority ?? 0)),
        };

    private static InstanceKind KindOf(Kind kind) => kind switch
    {
        Kind.Gpu => InstanceKind.Gpu,
        Kind.Model => InstanceKind.Model,
        _ => InstanceKind.Cpu,
    };
}
