using Kind = global::Inference.ModelInstanceGroup.Types.Kind;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Every group has at least one instance, a name of its own, and a device that this build can use; one at least gets requests.</summary>
internal sealed class InstanceGroupRule : IConfigRule
{
    /// <summary>More lanes than this are a slip of the pen: each is a thread while there is work.</summary>
    private const int MaxCount = 1024;

    public void Check(RuleContext context)
    {
        CheckPassive(context);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < context.Message.InstanceGroup.Count; i++)
        {
            var group = context.Message.InstanceGroup[i];
            var path = DeclaredTensor.PathOf("instance_group", i);
            CheckCount(context, group, path);
            if (group.Kind == Kind.Gpu)
            {
                context.Error($"{path}.kind", $"{path} asks for KIND_GPU, but this build runs models on the CPU only", "write kind: KIND_CPU");
            }
            else if (group.Gpus.Count > 0)
            {
                context.Error($"{path}.gpus", $"{path} lists gpus, but this build runs models on the CPU only", "leave out gpus");
            }

            if (group.Name.Length > 0 && !names.TryAdd(group.Name, path))
            {
                context.Error($"{path}.name", $"the name '{group.Name}' is taken by {names[group.Name]}", "give each group a name of its own, or none");
            }
        }
    }

    private static void CheckPassive(RuleContext context)
    {
        if (context.Message.InstanceGroup.Count > 0 && context.Message.InstanceGroup.All(static group => group.Passive))
        {
            context.Error($"{DeclaredTensor.PathOf("instance_group", 0)}.passive", "every instance_group is passive, so that no instance would get requests", "leave passive out of one group");
        }
    }

    private static void CheckCount(RuleContext context, global::Inference.ModelInstanceGroup group, string path)
    {
        if (group.Count < (context.Positions.WasWritten($"{path}.count") ? 1 : 0) || group.Count > MaxCount)
        {
            context.Error(
                $"{path}.count",
                FormattableString.Invariant($"count of {path} must be from 1 to {MaxCount}, found {group.Count}"));
        }
    }
}
