using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>The words for phases in metrics.</summary>
public static class RequestPhases
{
    /// <summary>All phases, in the order of their numbers.</summary>
    public static ImmutableArray<RequestPhase> All { get; } = [.. Enum.GetValues<RequestPhase>()];

    /// <summary>The word for a phase.</summary>
    public static string NameOf(RequestPhase phase) => phase switch
    {
        RequestPhase.Queue => "queue",
        RequestPhase.Assembly => "assembly",
        RequestPhase.Compute => "compute",
        RequestPhase.Output => "output",
        _ => "serialise",
    };
}
