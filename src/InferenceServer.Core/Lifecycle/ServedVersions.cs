using System.Collections.Immutable;

namespace InferenceServer.Core.Lifecycle;

/// <summary>The versions of one model at one moment.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Ready">Those that serve, in ascending order of their numbers.</param>
/// <param name="Others">The numbers of those that are known and do not serve: loading, draining, failed or unloaded.</param>
internal sealed record ServedVersions(string Name, ImmutableArray<ServedModel> Ready, ImmutableArray<long> Others)
{
    /// <summary>True while a version is on its way: what is not there now will be soon.</summary>
    public bool IsLoading { get; init; }

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
