using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Routing;

/// <summary>The rules that the parts of an alias must keep together.</summary>
internal static class AliasRules
{
    /// <summary>Checks one alias. Of one with a part that could not be read, only what is sure is said.</summary>
    /// <returns>The targets; null when there are none to speak of.</returns>
    public static ImmutableArray<AliasTarget>? Check(
        string where,
        ConfigPosition position,
        List<(AliasTarget Target, ConfigPosition Position)> targets,
        AliasShadow? shadow,
        ConfigPosition shadowAt,
        RollbackConfig? rollback,
        ConfigPosition rollbackAt,
        ProblemList problems,
        bool isSound)
    {
        if (targets.Count == 0)
        {
            if (isSound)
            {
                problems.Add(position, $"{where} has no targets", "write \"targets\": [ { \"model\": \"<name>\", \"weight\": 1 } ]");
            }

            return null;
        }

        for (var i = 1; i < targets.Count; i++)
        {
            if (targets.Take(i).Any(other => other.Target.Model.Length > 0 && other.Target.IsSameAs(targets[i].Target.Model, targets[i].Target.Version)))
            {
                problems.Add(targets[i].Position, $"{where} has the target {targets[i].Target} twice");
            }
        }

        if (isSound && targets.Sum(static target => target.Target.Weight) <= 0)
        {
            problems.Add(position, $"the weights of {where} are all 0, expected at least one above");
        }

        if (targets.Count == 1)
        {
            targets[0] = (targets[0].Target with { IsStable = true }, targets[0].Position);
        }

        var stable = targets.Count(static target => target.Target.IsStable);
        if (isSound && stable != 1)
        {
            problems.Add(position, $"{where} has {targets.Count} targets, of which {stable} are stable, expected one", "write \"stable\": true at the one that everything goes back to");
        }

        if (shadow is { Model.Length: > 0 } && targets.Any(target => target.Target.IsSameAs(shadow.Model, shadow.Version)))
        {
            problems.Add(shadowAt, $"the shadow of {where} is one of its targets");
        }

        if (rollback is not null && targets.Count == 1)
        {
            problems.Add(rollbackAt, $"the roll-back of {where} has nothing to watch: there is no target beside the stable one");
        }

        return [.. targets.Select(static target => target.Target)];
    }
}
