using InferenceServer.Abstractions.Models;

namespace InferenceServer.Host.Trials;

/// <summary>Where an instance is to run, as a trial is told of it.</summary>
internal sealed record TrialPlacement(string Name, InstanceKind Kind, int DeviceId, string Group)
{
    public static TrialPlacement Of(InstancePlacement placement) => new(placement.Name, placement.Kind, placement.DeviceId, placement.Group);

    public InstancePlacement ToPlacement() => new(Name, Kind, DeviceId) { Group = Group };
}
