namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Resources have names and counts, and one is either shared by all devices or not.</summary>
internal sealed class RateLimiterRule : IConfigRule
{
    private const uint Max = 1_000_000;

    public void Check(RuleContext context)
    {
        var kinds = new Dictionary<string, bool>(StringComparer.Ordinal);
        for (var i = 0; i < context.Message.InstanceGroup.Count; i++)
        {
            var path = $"{DeclaredTensor.PathOf("instance_group", i)}.rate_limiter";
            if (context.Message.InstanceGroup[i].RateLimiter is not { } limiter)
            {
                continue;
            }

            if (limiter.Priority > Max)
            {
                context.Error($"{path}.priority", FormattableString.Invariant($"priority of {path} must be at most {Max}, found {limiter.Priority}"));
            }

            for (var j = 0; j < limiter.Resources.Count; j++)
            {
                Check(context, limiter.Resources[j], DeclaredTensor.PathOf($"{path}.resources", j), kinds);
            }
        }
    }

    private static void Check(RuleContext context, global::Inference.ModelRateLimiter.Types.Resource resource, string path, Dictionary<string, bool> kinds)
    {
        if (resource.Name.Length == 0)
        {
            context.Error($"{path}.name", $"{path} has no name");
        }
        else if (!kinds.TryAdd(resource.Name, resource.Global) && kinds[resource.Name] != resource.Global)
        {
            context.Error($"{path}.global", $"resource '{resource.Name}' is global in one place and not in another");
        }

        if (resource.Count is 0 or > Max)
        {
            context.Error($"{path}.count", FormattableString.Invariant($"count of {path} must be from 1 to {Max}, found {resource.Count}"));
        }
    }
}
