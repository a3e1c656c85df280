using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Decides which lanes of the process may run at the same time. A lane takes all that an execution needs in one step or nothing, and holds nothing while it waits:
/// so nobody waits for one who waits, and there is no deadlock to be had. Who waits longest, or has run least by its priority, is served first; what it needs is kept
/// for it, so that those who need less do not pass it for ever.
/// </summary>
internal sealed class RateLimiter(RateLimiterOptions options)
{
    private static readonly ResourceKey s_execution = new("", -1);

    private readonly object _gate = new();
    private readonly HashSet<LaneClaim> _claims = [];
    private readonly List<LaneClaim> _waiting = [];
    private readonly Dictionary<ResourceKey, int> _inUse = [];
    private long _lastTicket;

    /// <summary>True when lanes have to ask.</summary>
    public bool IsOn => options.UsesResources || options.MaxConcurrentExecutions > 0;

    /// <summary>True when what configurations ask for counts.</summary>
    public bool UsesResources => options.UsesResources;

    /// <summary>A lane is to be: what it needs must be there at all.</summary>
    /// <param name="placement">Where it runs.</param>
    /// <param name="demand">What it needs.</param>
    /// <param name="claim">Its standing; null when the limiter is off, and it need not ask.</param>
    /// <param name="problem">Why it could never run.</param>
    public bool TryAdd(InstancePlacement placement, LaneDemand demand, out LaneClaim? claim, [NotNullWhen(false)] out string? problem)
    {
        claim = null;
        problem = null;
        if (!IsOn)
        {
            return true;
        }

        var needs = Needs(placement, demand);
        lock (_gate)
        {
            problem = needs.Select(need => Check(placement, need)).FirstOrDefault(static one => one is not null);
            if (problem is not null)
            {
                return false;
            }

            // One that comes late begins where the others are, and not with all that they have run before it.
            claim = new LaneClaim(this, needs, options.UsesResources ? demand.Priority : 1);
            var least = _claims.Count == 0 ? 0 : _claims.Min(static one => one.Weight);
            claim.Executions = (long)(least / Math.Max(1, demand.Priority));
            _claims.Add(claim);
            return true;
        }
    }

    public bool TryTake(LaneClaim claim)
    {
        lock (_gate)
        {
            if (claim.State == ClaimState.Idle)
            {
                claim.State = ClaimState.Waiting;
                claim.Ticket = ++_lastTicket;
                _waiting.Add(claim);
                Grant(except: claim);
            }

            if (claim.State != ClaimState.Granted)
            {
                return false;
            }

            claim.State = ClaimState.Running;
            return true;
        }
    }

    public void Return(LaneClaim claim)
    {
        lock (_gate)
        {
            if (claim.State == ClaimState.Idle)
            {
                return;
            }

            if (claim.State == ClaimState.Waiting)
            {
                _waiting.Remove(claim);
            }
            else
            {
                foreach (var (key, count) in claim.Needs)
                {
                    _inUse[key] -= count;
                }
            }

            claim.State = ClaimState.Idle;
            Grant(except: null);
        }
    }

    public void Remove(LaneClaim claim)
    {
        Return(claim);
        lock (_gate)
        {
            _claims.Remove(claim);
        }
    }

    private List<KeyValuePair<ResourceKey, int>> Needs(InstancePlacement placement, LaneDemand demand)
    {
        var needs = new Dictionary<ResourceKey, int>();
        if (options.MaxConcurrentExecutions > 0)
        {
            needs[s_execution] = 1;
        }

        foreach (var resource in options.UsesResources ? demand.Resources : [])
        {
            var key = new ResourceKey(resource.Name, resource.IsGlobal ? -1 : placement.DeviceId);
            needs[key] = needs.GetValueOrDefault(key) + resource.Count;
        }

        return [.. needs];
    }

    private string? Check(InstancePlacement placement, KeyValuePair<ResourceKey, int> need)
    {
        var (key, count) = need;
        if (key != s_execution && _claims.SelectMany(static one => one.Needs).Any(other => other.Key.Name == key.Name && other.Key.Device < 0 != key.Device < 0))
        {
            return $"instance '{placement.Name}' needs the resource '{key.Name}' {(key.Device < 0 ? "of all devices" : "of its device")}, which another model that is loaded takes for the opposite";
        }

        return Listed(key) is { } most && count > most
            ? FormattableString.Invariant($"instance '{placement.Name}' needs {count} of the resource '{key.Name}', and the server has {most} (--rate-limit-resource)")
            : null;
    }

    private int? Listed(ResourceKey key) => key == s_execution ? options.MaxConcurrentExecutions
        : (options.Resources.LastOrDefault(one => one.Name == key.Name && one.Device == key.Device) ?? options.Resources.LastOrDefault(one => one.Name == key.Name && one.Device is null))?.Count;

    private int TotalOf(ResourceKey key) => Listed(key) ?? _claims.SelectMany(static one => one.Needs).Where(need => need.Key == key).Max(static need => need.Value);

    /// <summary>Gives what is free to those that wait, in their order.</summary>
    /// <param name="except">The one that asks, which need not be woken.</param>
    private void Grant(LaneClaim? except)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        _waiting.Sort(Compare);
        var reserved = new Dictionary<ResourceKey, int>();
        for (var i = 0; i < _waiting.Count;)
        {
            var claim = _waiting[i];
            if (!claim.Needs.All(need => need.Value <= TotalOf(need.Key) - _inUse.GetValueOrDefault(need.Key) - reserved.GetValueOrDefault(need.Key)))
            {
                foreach (var (key, count) in claim.Needs)
                {
                    reserved[key] = reserved.GetValueOrDefault(key) + count;
                }

                i++;
                continue;
            }

            foreach (var (key, count) in claim.Needs)
            {
                _inUse[key] = _inUse.GetValueOrDefault(key) + count;
            }

            claim.State = ClaimState.Granted;
            claim.Executions++;
            _waiting.RemoveAt(i);
            if (claim != except)
            {
                // Whoever is woken takes the lock of his scheduler, which the caller may hold, or that of another.
                ThreadPool.UnsafeQueueUserWorkItem(static woken => woken.Wake?.Invoke(), claim, preferLocal: false);
            }
        }
    }

    private int Compare(LaneClaim one, LaneClaim other)
    {
        var byWeight = options.UsesResources ? one.Weight.CompareTo(other.Weight) : 0;
        return byWeight != 0 ? byWeight : one.Ticket.CompareTo(other.Ticket);
    }
}
