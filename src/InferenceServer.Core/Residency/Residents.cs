using System.Globalization;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Residency;

/// <summary>
/// Which of the models that are loaded on demand are to be in memory now, who waits for them, and what a load will take. Belongs to the lifecycle loop:
/// nothing else touches it, but for its counts.
/// </summary>
internal sealed class Residents : IDisposable
{
    /// <summary>For how long the reason why a load has failed is the answer to requests, before one of them causes another try.</summary>
    private static readonly TimeSpan s_failureRest = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _demanded = new(StringComparer.Ordinal);
    private readonly List<ColdStart> _coldStarts = [];
    private readonly Dictionary<(string Model, long Version), RememberedVersion> _known = [];

    private readonly ResidencyOptions _options;
    private readonly TimeProvider _time;
    private readonly Action _look;
    private readonly ITimer _lookAgain;

    /// <param name="options">When models are in memory.</param>
    /// <param name="time">The clock.</param>
    /// <param name="look">Has the loop look at the memory again; called from any thread.</param>
    public Residents(ResidencyOptions options, TimeProvider time, Action look)
    {
        _options = options;
        _time = time;
        _look = look;
        _lookAgain = time.CreateTimer(_ => look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How models have come and gone.</summary>
    public ResidencyCounts Counts { get; } = new();

    /// <summary>True when the model is in memory only while it is needed.</summary>
    public bool IsOnDemand(AspiredModel model) =>
        model.Versions is [var version, ..] && (version.Config.Residency ?? _options.Default) == ModelResidency.OnDemand;

    /// <summary>True when the model is not to be in memory now.</summary>
    public bool IsAsleep(AspiredModel model) => IsOnDemand(model) && !_demanded.Contains(model.Name);

    /// <summary>The model is to be in memory from now on.</summary>
    public void Demand(string model) => _demanded.Add(model);

    /// <summary>A request waits for a model.</summary>
    /// <param name="start">The request.</param>
    /// <param name="failures">The loads of the model that have failed.</param>
    /// <returns>True when they are to be forgotten, so that the model is tried again.</returns>
    public bool Demand(ColdStart start, IEnumerable<Incarnation> failures)
    {
        _coldStarts.Add(start);
        if (failures.Any(failure => _time.GetElapsedTime(failure.Since) < s_failureRest))
        {
            return false;
        }

        if (_demanded.Add(start.Model))
        {
            Counts.ColdStart(start.Model);
        }

        return true;
    }

    /// <summary>The model is not to be in memory any more.</summary>
    public void Evict(string model, EvictionReason reason)
    {
        _demanded.Remove(model);
        Counts.Evict(model, reason);
    }

    /// <summary>A version serves, or cannot be loaded.</summary>
    public void Note(Incarnation incarnation, IEnumerable<Incarnation> incarnations)
    {
        if (incarnation.Served is { } served)
        {
            incarnation.Bytes = served.MemoryBytes ?? incarnation.Bytes;
            _known[(incarnation.ModelName, incarnation.Source.Number)] = new RememberedVersion(incarnation.Source.Fingerprint, served.MemoryBytes, served.Config, served.Statistics);
        }

        if (incarnation.State == ModelState.Failed
            && !incarnations.Any(other => other.ModelName == incarnation.ModelName && other.State is not (ModelState.Failed or ModelState.Unloaded or ModelState.Draining)))
        {
            // The next request causes the next try.
            _demanded.Remove(incarnation.ModelName);
        }
    }

    /// <summary>Forgets what is not wanted any more, and shows what is.</summary>
    public void Retain(IReadOnlyDictionary<string, AspiredModel> aspired)
    {
        _demanded.RemoveWhere(name => !aspired.ContainsKey(name));
        foreach (var key in _known.Keys.Where(key => !aspired.ContainsKey(key.Model)).ToArray())
        {
            _known.Remove(key);
        }

        foreach (var model in aspired.Values.Where(IsOnDemand))
        {
            Counts.Show(model.Name);
        }
    }

    /// <summary>What a load will take: what it took before, or else what its files hold. Bytes.</summary>
    public long Estimate(string model, AspiredVersion version) => Remember(model, version)?.Bytes ?? version.Files.Bytes;

    /// <summary>What is known of a version from when it was in memory; null when it never was, or other files were.</summary>
    public RememberedVersion? Remember(string model, AspiredVersion version) =>
        _known.TryGetValue((model, version.Number), out var before) && before.Fingerprint == version.Fingerprint ? before : null;

    /// <summary>What is to be done about the memory now.</summary>
    public ResidencyDecision Decide(IReadOnlyCollection<Incarnation> incarnations, IReadOnlyDictionary<string, AspiredModel> aspired)
    {
        var waiting = incarnations
            .Where(static incarnation => incarnation.State == ModelState.New)
            .Select(incarnation => new WaitingLoad(incarnation.Id, incarnation.ModelName, incarnation.Bytes, _time.GetElapsedTime(incarnation.Since)))
            .ToArray();
        if (_options.MemoryBudget == 0 && waiting.Length == 0 && _demanded.Count == 0)
        {
            return new ResidencyDecision();
        }

        var residents = incarnations
            .Where(static incarnation => incarnation.State is ModelState.Loading or ModelState.Warming or ModelState.Ready or ModelState.Draining)
            .GroupBy(static incarnation => incarnation.ModelName, StringComparer.Ordinal)
            .Select(group => Resident(group.Key, [.. group], aspired.GetValueOrDefault(group.Key), Array.Exists(waiting, load => load.Model == group.Key)))
            .ToArray();
        return ResidencyPolicy.Decide(residents, waiting, _options.MemoryBudget);
    }

    /// <summary>Sees to it that the memory is looked at again when there is a reason.</summary>
    public void Watch(ResidencyDecision decision, IEnumerable<Incarnation> incarnations)
    {
        foreach (var incarnation in incarnations.Where(static incarnation => incarnation.State == ModelState.Ready))
        {
            var isWatched = decision.WaitsFor.Contains(incarnation.ModelName);
            incarnation.Served!.OnIdle = isWatched ? _look : null;
            if (isWatched && !incarnation.Served.IsInUse)
            {
                // It has become idle just before it was watched.
                _look();
            }
        }

        _lookAgain.Change(decision.LookAgain ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _lookAgain.Dispose();

    /// <summary>Holds what serves for the requests that wait for it, so that it does not leave before they got it.</summary>
    public void Reserve(IReadOnlyCollection<Incarnation> incarnations)
    {
        foreach (var start in _coldStarts)
        {
            if (FindReady(start, incarnations) is { } ready)
            {
                start.Reserve(ready.Served!);
            }
        }
    }

    /// <summary>Answers the requests that wait and need not wait any longer.</summary>
    /// <param name="aspired">What is wanted.</param>
    /// <param name="incarnations">What is there.</param>
    /// <param name="findBlocked">Why an ensemble is held back; null for what is not.</param>
    public void Answer(IReadOnlyDictionary<string, AspiredModel> aspired, IReadOnlyCollection<Incarnation> incarnations, Func<string, string?> findBlocked) =>
        _coldStarts.RemoveAll(start => start.End() || TryFail(start, aspired.GetValueOrDefault(start.Model), incarnations, findBlocked(start.Model)));

    /// <summary>Nothing is loaded any more.</summary>
    public void End()
    {
        _coldStarts.RemoveAll(static start => start.End() || start.Fail(InferenceErrors.ServerStopping()));
        _coldStarts.Clear();
    }

    private static Incarnation? FindReady(ColdStart start, IEnumerable<Incarnation> incarnations)
    {
        var own = incarnations.Where(incarnation => incarnation.ModelName == start.Model && (start.Version ?? incarnation.Source.Number) == incarnation.Source.Number);
        return own.Any(static incarnation => incarnation.State is ModelState.New or ModelState.Loading or ModelState.Warming)
            ? null
            : own.Where(static incarnation => incarnation.State == ModelState.Ready).MaxBy(static incarnation => (incarnation.Source.Number, incarnation.Id));
    }

    private static bool TryFail(ColdStart start, AspiredModel? model, IEnumerable<Incarnation> incarnations, string? blocked)
    {
        if (model is null)
        {
            start.Fail(InferenceErrors.UnknownModel(start.Model));
            return true;
        }

        if (blocked is not null)
        {
            start.Fail(ResidencyErrors.LoadFailed(start.Model, blocked));
            return true;
        }

        var own = model.Versions
            .Where(version => (start.Version ?? version.Number) == version.Number)
            .Select(version => incarnations.LastOrDefault(incarnation => incarnation.ModelName == start.Model && incarnation.IsOf(version)))
            .ToArray();
        if (!Array.TrueForAll(own, static incarnation => incarnation?.State is ModelState.Failed))
        {
            return false;
        }

        start.Fail(ResidencyErrors.LoadFailed(start.Model, Reason(start, model, own)));
        return true;
    }

    private static string Reason(ColdStart start, AspiredModel model, IEnumerable<Incarnation?> own)
    {
        var failures = own.Where(static incarnation => incarnation is { State: ModelState.Failed })
            .Select(static incarnation => string.Create(CultureInfo.InvariantCulture, $"version {incarnation!.Source.Number} is at UNAVAILABLE state: {incarnation.Reason}"));
        return model.Problem ?? (failures.Any() ? string.Join("; ", failures) : FormattableString.Invariant($"version {start.Version} is not one of those that are served"));
    }

    private ResidentModel Resident(string name, Incarnation[] incarnations, AspiredModel? model, bool isWaiting)
    {
        var ready = Array.FindAll(incarnations, static incarnation => incarnation.State == ModelState.Ready);
        var isLoading = Array.Exists(incarnations, static incarnation => incarnation.State is ModelState.Loading or ModelState.Warming);
        var isOnDemand = model is not null && IsOnDemand(model);
        return new ResidentModel(name, incarnations.Sum(static incarnation => incarnation.Bytes))
        {
            CanLeave = isOnDemand && ready.Length > 0 && !isLoading && !isWaiting,
            IsPinned = model is not null && !isOnDemand,
            IsInUse = Array.Exists(ready, static incarnation => incarnation.Served!.IsInUse),
            Idle = ready.Select(incarnation => _time.GetElapsedTime(incarnation.Served!.IdleSince)).DefaultIfEmpty().Min(),
            Age = ready.Select(incarnation => _time.GetElapsedTime(incarnation.Since)).DefaultIfEmpty().Min(),
            Leaving = incarnations.Where(static incarnation => incarnation.State == ModelState.Draining).Sum(static incarnation => incarnation.Bytes),
            IsLoading = isLoading,
            IdleUnload = model?.Versions is [var version, ..] ? version.Config.IdleUnload ?? _options.IdleUnload : TimeSpan.Zero,
        };
    }
}
