using System.Collections.Immutable;

namespace InferenceServer.Core.Lifecycle;

/// <summary>The versions of one model at one moment.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Ready">Those that serve, in ascending order of their numbers.</param>
/// <param name="Others">The numbers of those that are known and do not serve: loading, draining, failed or unloaded.</param>
internal sealed record ServedVersions(string Name, ImmutableArray<ServedModel> Ready, ImmutableArray<long> Others)
{
    /// <summary>The versions that are loaded when they are asked for, whether they serve now or not, in ascending order of their numbers.</summary>
    public ImmutableArray<OnDemandVersion> OnDemand { get; init; } = [];

    /// <summary>Those on their way out that may have sequences to finish, the latest first.</summary>
    public ImmutableArray<ServedModel> Leaving { get; init; } = [];

    /// <summary>False for what is only remembered, or about to leave.</summary>
    public bool IsWanted { get; init; } = true;

    /// <summary>True while a version is on its way: what is not there now will be soon.</summary>
    public bool IsLoading { get; init; }

    /// <summary>True when not one version is known: of the model there is no more than its name, which somebody has asked to be loaded.</summary>
    public bool IsNameAlone => Ready.IsEmpty && Others.IsEmpty && OnDemand.IsEmpty && !IsLoading;

    /// <summary>A version that does not serve now and will when it is asked for; null for none.</summary>
    /// <param name="version">The version's number; null for any.</param>
    public OnDemandVersion? FindAsleep(long? version) => OnDemand.LastOrDefault(candidate => (version ?? candidate.Number) == candidate.Number && Find(candidate.Number) is null);

    public ServedModel? Find(long version)
    {
        foreach (var model in Ready)
        {
            if (model.Version == version)
            {
                return model;
            }
        }

        return null;
    }
}
