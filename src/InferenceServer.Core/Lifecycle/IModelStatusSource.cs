using System.Collections.Immutable;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Tells where every model stands.</summary>
public interface IModelStatusSource
{
    /// <summary>Every version that is known, by name and number, as of the last change.</summary>
    ImmutableArray<ModelStatus> Statuses { get; }

    /// <summary>How often models were loaded, by name.</summary>
    ImmutableArray<ModelLoadCount> LoadCounts { get; }

    /// <summary>How often models that are loaded on demand have come and gone, by name.</summary>
    ImmutableArray<ModelResidencyCount> ResidencyCounts { get; }

    /// <summary>Ends when the first wanted set has settled: every model of it serves or has failed.</summary>
    Task FirstSettled { get; }
}
