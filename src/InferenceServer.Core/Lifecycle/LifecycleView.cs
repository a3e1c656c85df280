using System.Collections.Immutable;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What the lifecycle shows of itself after a step: to requests, and to people, metrics and the index. Pure.</summary>
internal static class LifecycleView
{
    private const string AsleepReason = "loaded when it is asked for";

    /// <summary>What requests find.</summary>
    public static ServingSnapshot Snapshot(ImmutableSortedDictionary<string, AspiredModel> aspired, IReadOnlyCollection<Incarnation> incarnations, ModelHistory history, Residents residents, EnsembleWatch ensembles)
    {
        var living = incarnations.ToLookup(static incarnation => incarnation.ModelName, StringComparer.Ordinal);
        var past = history.Versions.ToLookup(static status => status.Name, static status => status.Version!.Value, StringComparer.Ordinal);
        return new ServingSnapshot(aspired.Keys
            .Union(living.Select(static group => group.Key), StringComparer.Ordinal)
            .Union(past.Select(static group => group.Key), StringComparer.Ordinal)
            .Select(name => Describe(name, living[name], past[name].Concat(aspired.TryGetValue(name, out var held) ? ensembles.Statuses(held).Select(static status => status.Version!.Value) : []), ensembles.Find(name) is { IsWaiting: true }) with
            {
                IsWanted = aspired.ContainsKey(name),
                OnDemand = aspired.TryGetValue(name, out var model) && residents.IsOnDemand(model) ? [.. model.Versions.Select(version => new OnDemandVersion(name, version.Number, residents.Remember(name, version)?.Config))] : [],
            }));
    }

    /// <summary>Every version that is known, by name and number.</summary>
    public static ImmutableArray<ModelStatus> Statuses(ImmutableSortedDictionary<string, AspiredModel> aspired, IReadOnlyCollection<Incarnation> incarnations, ModelHistory history, Residents residents, EnsembleWatch ensembles)
    {
        var refused = aspired.Values.Where(static model => model.Problem is not null).Select(static model => new ModelStatus
        {
            Name = model.Name,
            State = ModelState.Failed,
            Reason = model.Problem!,
        });
        var living = incarnations.Select(static incarnation => new ModelStatus
        {
            Name = incarnation.ModelName,
            Version = incarnation.Source.Number,
            State = incarnation.State,
            Reason = incarnation.Reason,
            Backend = incarnation.Source.Config.Backend.Name,
            LoadDuration = incarnation.LoadDuration,
            Served = incarnation.Served,
        });
        var there = incarnations.Where(static incarnation => incarnation.State != ModelState.Draining).Select(static incarnation => (incarnation.ModelName, incarnation.Source.Number)).ToHashSet();
        var asleep = aspired.Values.Where(residents.IsAsleep).SelectMany(static model => model.Versions.Select(version => new ModelStatus
        {
            Name = model.Name,
            Version = version.Number,
            State = ModelState.Asleep,
            Reason = AsleepReason,
            Backend = version.Config.Backend.Name,
        })).Where(status => !there.Contains((status.Name, status.Version!.Value))).ToArray();
        there.UnionWith(incarnations.Select(static incarnation => (incarnation.ModelName, incarnation.Source.Number)));
        var held = aspired.Values.Where(model => !residents.IsAsleep(model)).SelectMany(ensembles.Statuses).Where(status => !there.Contains((status.Name, status.Version!.Value))).ToArray();
        there.UnionWith(held.Select(static status => (status.Name, status.Version!.Value)));
        there.UnionWith(asleep.Select(static status => (status.Name, status.Version!.Value)));
        var past = history.Versions.Where(status => !there.Contains((status.Name, status.Version!.Value)));
        return [.. refused.Concat(living).Concat(asleep).Concat(held).Concat(past).OrderBy(static status => status.Name, StringComparer.Ordinal).ThenBy(static status => status.Version)];
    }

    private static ServedVersions Describe(string name, IEnumerable<Incarnation> incarnations, IEnumerable<long> past, bool isWaiting)
    {
        // Of two incarnations of one number the newer serves; the older is about to drain.
        var ready = incarnations
            .Where(static incarnation => incarnation.State == ModelState.Ready)
            .GroupBy(static incarnation => incarnation.Source.Number)
            .OrderBy(static group => group.Key)
            .Select(static group => group.MaxBy(static incarnation => incarnation.Id)!.Served!)
            .ToImmutableArray();
        var others = incarnations
            .Where(static incarnation => incarnation.State != ModelState.Ready)
            .Select(static incarnation => incarnation.Source.Number)
            .Concat(past)
            .Where(number => !ready.Any(served => served.Version == number))
            .Distinct()
            .ToImmutableArray();
        return new ServedVersions(name, ready, others)
        {
            Leaving = [.. incarnations.Where(static incarnation => incarnation is { State: ModelState.Draining, Served.KeepsSequences: true }).OrderByDescending(static incarnation => incarnation.Id).Select(static incarnation => incarnation.Served!)],
            IsLoading = isWaiting || incarnations.Any(static incarnation => incarnation.State is (ModelState.New or ModelState.Loading or ModelState.Warming)),
        };
    }
}
