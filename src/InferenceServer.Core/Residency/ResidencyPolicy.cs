using System.Globalization;

namespace InferenceServer.Core.Residency;

/// <summary>
/// Decides which models leave the memory and which loads begin, so that what is loaded stays within the budget. Pure: what there is goes in,
/// what is to be done comes out. Loads begin in the order in which they were asked for, so that a large model is not overtaken for ever by small ones.
/// </summary>
internal static class ResidencyPolicy
{
    /// <summary>
    /// How long a load waits for a model to be idle before one that is in use has to make room: it takes no new requests then, those that it has are
    /// finished, and whoever still asks for it waits in turn. A model that serves for less long is not asked to, so that two busy models do not
    /// throw each other out all the time.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <param name="residents">What takes memory, by model.</param>
    /// <param name="waiting">What is to be loaded, the oldest first.</param>
    /// <param name="budget">What all models together may take; 0 for no limit. Bytes.</param>
    public static ResidencyDecision Decide(IReadOnlyCollection<ResidentModel> residents, IReadOnlyList<WaitingLoad> waiting, long budget)
    {
        var evicted = residents
            .Where(static model => model.CanLeave && !model.IsInUse && model.IdleUnload > TimeSpan.Zero && model.Idle >= model.IdleUnload)
            .Select(static model => (model.Name, EvictionReason.Idle))
            .ToList();
        var decision = budget > 0
            ? MakeRoom(residents, waiting, budget, evicted)
            : new ResidencyDecision { Start = [.. waiting.Select(static load => load.Id)] };
        var leave = evicted.Select(static eviction => eviction.Name).ToHashSet(StringComparer.Ordinal);
        var nextIdle = residents
            .Where(model => model.CanLeave && model.IdleUnload > TimeSpan.Zero && !leave.Contains(model.Name))
            .Select(static model => model.IsInUse ? model.IdleUnload : model.IdleUnload - model.Idle)
            .DefaultIfEmpty(TimeSpan.MaxValue)
            .Min();
        return decision with
        {
            Evict = [.. evicted],
            LookAgain = nextIdle == TimeSpan.MaxValue ? decision.LookAgain : decision.LookAgain is { } sooner && sooner < nextIdle ? sooner : nextIdle,
        };
    }

    private static ResidencyDecision MakeRoom(
        IReadOnlyCollection<ResidentModel> residents, IReadOnlyList<WaitingLoad> waiting, long budget, List<(string Name, EvictionReason Reason)> evicted)
    {
        var refused = new List<(long Id, string Reason)>();
        var pinned = residents.Where(static model => model.IsPinned).Sum(static model => model.Bytes - model.Leaving);
        WaitingLoad? next = null;
        foreach (var load in waiting)
        {
            // A version that is replaced stays until its successor serves, so that both need room.
            var beside = residents.FirstOrDefault(model => model.Name == load.Model) is { IsPinned: false } own ? own.Bytes - own.Leaving : 0;
            if (load.Bytes > budget - pinned - beside)
            {
                refused.Add((load.Id, NoRoom(load.Bytes, budget, pinned, beside)));
            }
            else
            {
                next ??= load;
            }
        }

        // Each load is measured by what the process takes before it and after it: they come one at a time.
        var isLoading = residents.Any(static model => model.IsLoading);
        var needed = residents.Sum(static model => model.Bytes) + (next is null || isLoading ? 0 : next.Bytes) - budget;
        if (needed <= 0)
        {
            return new ResidencyDecision { Refuse = [.. refused], Start = next is null || isLoading ? [] : [next.Id] };
        }

        needed -= residents.Sum(model => evicted.Any(eviction => eviction.Name == model.Name) ? model.Bytes : model.Leaving);
        foreach (var model in residents.Where(model => model.CanLeave && !model.IsInUse && model.Name != next?.Model).OrderByDescending(static model => model.Idle))
        {
            if (needed > 0 && !evicted.Exists(eviction => eviction.Name == model.Name))
            {
                evicted.Add((model.Name, EvictionReason.Memory));
                needed -= model.Bytes - model.Leaving;
            }
        }

        var busy = residents.Where(model => needed > 0 && model.CanLeave && model.IsInUse && model.Name != next?.Model).OrderByDescending(static model => model.Age).ToArray();
        if (next is null || isLoading)
        {
            return new ResidencyDecision { Refuse = [.. refused], WaitsFor = [.. busy.Select(static model => model.Name)] };
        }

        var lookAgain = TimeSpan.MaxValue;
        foreach (var model in busy)
        {
            var left = Patience - (next.Waited < model.Age ? next.Waited : model.Age);
            if (needed > 0 && left <= TimeSpan.Zero)
            {
                evicted.Add((model.Name, EvictionReason.Memory));
                needed -= model.Bytes - model.Leaving;
            }
            else
            {
                lookAgain = left > TimeSpan.Zero && left < lookAgain ? left : lookAgain;
            }
        }

        return new ResidencyDecision
        {
            Refuse = [.. refused],
            WaitsFor = needed > 0 ? [.. busy.Select(static model => model.Name)] : [],
            LookAgain = needed > 0 && lookAgain < TimeSpan.MaxValue ? lookAgain : null,
        };
    }

    private static string NoRoom(long bytes, long budget, long pinned, long beside) => string.Create(
        CultureInfo.InvariantCulture,
        $"it needs {bytes} bytes of memory, and the budget of {budget} bytes cannot have them free: pinned models take {pinned}{(beside > 0 ? FormattableString.Invariant($", and the version that serves now {beside}") : "")}");
}
