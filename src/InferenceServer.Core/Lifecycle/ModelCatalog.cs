using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Sequences;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Finds the version that a request means. Holds the current <see cref="ServingSnapshot"/> in one volatile field: readers never lock, and
/// only the lifecycle publishes.
/// </summary>
internal sealed class ModelCatalog
{
    private volatile ServingSnapshot _current = ServingSnapshot.BeforeStart;

    public ServingSnapshot Current => _current;

    /// <summary>True when each repository is a namespace: then models may be asked for by their plain names too.</summary>
    public bool UsesNamespaces { get; init; }

    /// <summary>Where it is told that a plain name has ceased to be enough.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    public void Publish(ServingSnapshot snapshot)
    {
        if (!UsesNamespaces)
        {
            _current = snapshot;
            return;
        }

        var (before, now) = (_current.PlainNames, snapshot.WithPlainNames());
        _current = now;
        foreach (var (name, choices) in now.PlainNames.All.Where(one => one.Value.Length > 1 && before.Find(one.Key).Length == 1 && now.FindExact(one.Value[0]) is { IsWanted: true }))
        {
            LifecycleLog.PlainNameAmbiguous(Logger, name, NameChoices.Print(choices));
        }
    }

    /// <summary>Finds a ready version and counts one more user of it.</summary>
    public bool TryAcquire(string name, string version, [NotNullWhen(true)] out ModelLease? lease, [NotNullWhen(false)] out InferenceError? error) =>
        TryAcquire(name, version, out lease, out _, out error);

    /// <summary>As the other one; where nothing is ready, says of the same moment what will be when it is asked for.</summary>
    public bool TryAcquire(string name, string version, [NotNullWhen(true)] out ModelLease? lease, out OnDemandVersion? asleep, [NotNullWhen(false)] out InferenceError? error)
    {
        lease = null;
        while (TryFind(name, version, out var model, out asleep, out error))
        {
            if (model.TryAcquire())
            {
                lease = new ModelLease(model) { IsAnyVersion = version.Length == 0 };
                return true;
            }

            // The version was taken out of service between the two steps; the snapshot of now says what takes its place.
        }

        return false;
    }

    /// <summary>Finds the version that has a sequence, of those that serve or are on their way out, and counts one more user of it.</summary>
    /// <param name="model">The version that was asked.</param>
    /// <param name="isAnyVersion">True when the client did not ask for its number.</param>
    /// <param name="id">The sequence.</param>
    public ModelLease? FindSequence(ServedModel model, bool isAnyVersion, SequenceId id)
    {
        if (_current.Find(model.Name) is not { } versions)
        {
            return null;
        }

        foreach (var other in versions.Ready.Concat(versions.Leaving))
        {
            if ((isAnyVersion || other.Version == model.Version) && other.HasSequence(id) && other.TryAcquire())
            {
                return new ModelLease(other) { IsAnyVersion = isAnyVersion };
            }
        }

        return null;
    }

    /// <summary>A lease for the sequences that versions on their way out still have; null when there are none.</summary>
    public ModelLease? FindLeaving(string name, string version)
    {
        foreach (var leaving in _current.Find(name)?.Leaving ?? [])
        {
            if ((version.Length == 0 || version == $"{leaving.Version}") && leaving.Sequences is { Active: > 0 } or { Waiting: > 0 } && leaving.TryAcquire())
            {
                return new ModelLease(leaving) { IsAnyVersion = version.Length == 0, IsForSequencesAlone = true };
            }
        }

        return null;
    }

    /// <summary>Finds a ready version.</summary>
    public bool TryFind(string name, string version, [NotNullWhen(true)] out ServedModel? model, [NotNullWhen(false)] out InferenceError? error) =>
        TryFind(name, version, out model, out _, out error);

    /// <summary>As the other one; where nothing is ready, says of the same moment what will be when it is asked for: a moment later it may be ready, and asleep no more.</summary>
    public bool TryFind(string name, string version, [NotNullWhen(true)] out ServedModel? model, out OnDemandVersion? asleep, [NotNullWhen(false)] out InferenceError? error)
    {
        model = null;
        asleep = null;
        error = null;
        long number = 0;
        if (version.Length > 0 && (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out number)))
        {
            error = InferenceErrors.VersionNotANumber(version);
            return false;
        }

        var current = _current;
        if (current.Find(name) is not { } versions)
        {
            error = ReferenceEquals(current, ServingSnapshot.BeforeStart) ? InferenceErrors.Starting(name)
                : current.PlainNames.Find(name) is { Length: > 1 } choices ? InferenceErrors.AmbiguousModel(name, choices)
                : InferenceErrors.UnknownModel(name);
            return false;
        }

        model = version.Length == 0 ? versions.Ready.LastOrDefault() : versions.Find(number);
        if (model is not null)
        {
            return true;
        }

        asleep = versions.FindAsleep(version.Length == 0 ? null : number);

        // Whoever gave the plain name learns which model it stands for.
        error = version.Length == 0 ? versions.IsLoading ? InferenceErrors.StillLoading(versions.Name) : InferenceErrors.NoReadyVersion(versions.Name)
            : versions.Others.Contains(number) ? InferenceErrors.VersionNotReady(versions.Name, number)
            : InferenceErrors.UnknownVersion(versions.Name, number, versions.Ready.Length == 0 ? "none" : string.Join(", ", versions.Ready.Select(static ready => ready.Version)));
        return false;
    }
}
