using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Core.Configuration;

/// <summary>Lanes of one kind: so many instances of the model on so many devices.</summary>
/// <param name="Name">The group's name; its instances are called <c>name_0</c>, <c>name_1</c> and so on.</param>
/// <param name="Count">How many instances, on each device where there are several; at least 1.</param>
/// <param name="Kind">The kind of device.</param>
/// <param name="Gpus">The numbers of the devices; empty on the processor.</param>
public sealed record InstanceGroup(string Name, int Count, InstanceKind Kind, ImmutableArray<int> Gpus)
{
    /// <summary>What each execution needs where the server limits their rate.</summary>
    public ImmutableArray<InstanceResource> Resources { get; init; } = [];

    /// <summary>True when the instances are made and get no requests: they are for the backend's own purposes.</summary>
    public bool IsPassive { get; init; }

    /// <summary>The name of what says on which processors its instances run; empty when that is the name of its kind.</summary>
    public string HostPolicy { get; init; } = "";

    /// <summary>How rarely instances are preferred to those of others: one of 2 is run half as often as one of 1, where both wait. At least 1.</summary>
    public int RatePriority { get; init; } = 1;
}
