using System.Collections.Immutable;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Ensembles;

/// <summary>Which models go with an ensemble that is unloaded together with what it alone needs. Pure.</summary>
internal static class MemberSelection
{
    /// <summary>The models of the steps of an ensemble, those of nested ones among them, that no other ensemble uses; empty for every other model.</summary>
    /// <param name="ensemble">The ensemble's name.</param>
    /// <param name="wanted">What is wanted, by name.</param>
    public static ImmutableArray<string> OnlyOf(string ensemble, IReadOnlyDictionary<string, AspiredModel> wanted)
    {
        var leaving = new List<string> { ensemble };
        for (var i = 0; i < leaving.Count; i++)
        {
            foreach (var member in MembersOf(leaving[i], wanted).Where(member => !leaving.Contains(member)))
            {
                // One that another ensemble uses that is not known to leave yet is looked at again when that is.
                if (wanted.Keys.All(other => leaving.Contains(other) || !MembersOf(other, wanted).Contains(member)))
                {
                    leaving.Add(member);
                    i = -1;
                    break;
                }
            }
        }

        return [.. leaving.Skip(1)];
    }

    private static IEnumerable<string> MembersOf(string name, IReadOnlyDictionary<string, AspiredModel> wanted) =>
        wanted.TryGetValue(name, out var model) && EnsembleGate.StepsOf(model) is { } ensemble
            ? ensemble.Steps.Select(step => MemberNames.Find(step, name, wanted.Keys)).OfType<string>()
            : [];
}
