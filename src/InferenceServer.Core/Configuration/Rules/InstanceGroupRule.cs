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
            CheckDevices(context, group, path);
            if (group.Name.Length > 0 && !names.TryAdd(group.Name, path))
            {
                context.Error($"{path}.name", $"the name '{group.Name}' is taken by {names[group.Name]}", "give each group a name of its own, or none");
            }
        }
    }

    private static void CheckDevices(RuleContext context, global::Inference.ModelInstanceGroup group, string path)
    {
        if (context.Backend is { RunsOnGpus: false } backend && (group.Kind == Kind.Gpu || group.Gpus.Count > 0))
        {
            var (field, asks) = group.Kind == Kind.Gpu ? ("kind", "asks for KIND_GPU") : ("gpus", "lists gpus");
            context.Error($"{path}.{field}", $"{path} {asks}, but the backend '{backend.Name}' runs models on the CPU only", group.Kind == Kind.Gpu ? "write kind: KIND_CPU" : "leave out gpus");
            return;
        }

        if (group.Gpus.Count > 0 && group.Kind is Kind.Cpu or Kind.Model && context.Positions.WasWritten($"{path}.kind"))
        {
            context.Error($"{path}.gpus", $"{path} lists gpus, which are for KIND_GPU", "write kind: KIND_GPU, or leave out gpus");
        }

        for (var i = 0; i < group.Gpus.Count; i++)
        {
            if (group.Gpus[i] < 0 || group.Gpus.Take(i).Contains(group.Gpus[i]))
            {
                var element = DeclaredTensor.PathOf($"{path}.gpus", i);
                context.Error(element, FormattableString.Invariant($"gpus of {path} must be numbers of 0 or more, each once, found {group.Gpus[i]}{(group.Gpus[i] < 0 ? "" : " twice")}"));
            }
        }

        if ((long)group.Count * group.Gpus.Count > MaxCount)
        {
            context.Error($"{path}.count", FormattableString.Invariant($"count of {path} is for each of its gpus, and there must be at most {MaxCount} instances in all, found {(long)group.Count * group.Gpus.Count}"));
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
