using Google.Protobuf.Collections;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The policy names sensible versions, and at least one that is there.</summary>
internal sealed class VersionPolicyRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        var policy = context.Message.VersionPolicy;
        if (policy?.Latest is { NumVersions: 0 or > int.MaxValue } latest)
        {
            context.Error(
                "version_policy.latest.num_versions",
                FormattableString.Invariant($"num_versions must be from 1 to {int.MaxValue}, found {latest.NumVersions}"),
                "write version_policy { latest { num_versions: 1 } }, or leave it out");
            return;
        }

        if (policy?.Specific is { } specific && !CheckSpecific(context, specific.Versions))
        {
            return;
        }

        if (VersionPolicies.Of(context.Message).Select(context.Facts.Versions).IsEmpty)
        {
            var there = context.Facts.Versions.IsEmpty ? "no version folder" : $"only {string.Join(", ", context.Facts.Versions)}";
            context.Error(
                "version_policy",
                $"at least one version must be available under the version policy of model '{context.Facts.ModelName}'; there is {there}",
                context.Facts.Versions.IsEmpty ? "put the model's file into a folder named 1" : null);
        }
    }

    private static bool CheckSpecific(RuleContext context, RepeatedField<long> versions)
    {
        const string Path = "version_policy.specific.versions";
        var isGood = versions.Count > 0;
        if (versions.Count == 0)
        {
            context.Error(Path, "version_policy is specific, but names no versions", "write version_policy { specific { versions: [ 1 ] } }");
        }

        var seen = new HashSet<long>();
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions[i] < 1)
            {
                context.Error(DeclaredTensor.PathOf(Path, i), FormattableString.Invariant($"a version must be 1 or more, found {versions[i]}"));
                isGood = false;
            }
            else if (!seen.Add(versions[i]))
            {
                context.Error(DeclaredTensor.PathOf(Path, i), FormattableString.Invariant($"version {versions[i]} is named twice"));
                isGood = false;
            }
            else if (!context.Facts.Versions.IsEmpty && !context.Facts.Versions.Contains(versions[i]))
            {
                context.Warn(DeclaredTensor.PathOf(Path, i), FormattableString.Invariant($"version {versions[i]} is not there and has no effect"));
            }
        }

        return isGood;
    }
}
