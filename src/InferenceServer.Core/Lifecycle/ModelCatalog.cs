using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Finds the version that a request means. Holds the current <see cref="ServingSnapshot"/> in one volatile field: readers never lock, and
/// only the lifecycle publishes.
/// </summary>
internal sealed class ModelCatalog
{
    private volatile ServingSnapshot _current = ServingSnapshot.BeforeStart;

    public ServingSnapshot Current => _current;

    public void Publish(ServingSnapshot snapshot) => _current = snapshot;

    /// <summary>Finds a ready version and counts one more user of it.</summary>
    public bool TryAcquire(string name, string version, [NotNullWhen(true)] out ModelLease? lease, [NotNullWhen(false)] out InferenceError? error)
    {
        lease = null;
        while (TryFind(name, version, out var model, out error))
        {
            if (model.TryAcquire())
            {
                lease = new ModelLease(model);
                return true;
            }

            // The version was taken out of service between the two steps; the snapshot of now says what takes its place.
        }

        return false;
    }

    /// <summary>Finds a version that does not serve now and will when it is asked for; null when there is none.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="version">The version as the client wrote it; empty for any, when none serves.</param>
    public OnDemandVersion? FindAsleep(string name, string version)
    {
        if (_current.Find(name) is not { OnDemand.IsEmpty: false } versions)
        {
            return null;
        }

        return version.Length == 0 ? versions.Ready.IsEmpty ? versions.FindAsleep(null) : null
            : long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? versions.FindAsleep(number)
            : null;
    }

    /// <summary>Finds a ready version.</summary>
    public bool TryFind(string name, string version, [NotNullWhen(true)] out ServedModel? model, [NotNullWhen(false)] out InferenceError? error)
    {
        model = null;
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
            error = ReferenceEquals(current, ServingSnapshot.BeforeStart) ? InferenceErrors.Starting(name) : InferenceErrors.UnknownModel(name);
            return false;
        }

        model = version.Length == 0 ? versions.Ready.LastOrDefault() : versions.Find(number);
        if (model is not null)
        {
            return true;
        }

        error = version.Length == 0 ? versions.IsLoading ? InferenceErrors.StillLoading(name) : InferenceErrors.NoReadyVersion(name)
            : versions.Others.Contains(number) ? InferenceErrors.VersionNotReady(name, number)
            : InferenceErrors.UnknownVersion(name, number, versions.Ready.Length == 0 ? "none" : string.Join(", ", versions.Ready.Select(static ready => ready.Version)));
        return false;
    }
}
