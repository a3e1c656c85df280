using InferenceServer.Abstractions.Models;

namespace InferenceServer.Core.Scheduling;

/// <summary>A lane that a configuration asks for.</summary>
/// <param name="Placement">Where it runs.</param>
/// <param name="Demand">What it needs to run.</param>
internal sealed record LaneWish(InstancePlacement Placement, LaneDemand Demand);
