using System.Collections.Immutable;

namespace InferenceServer.Core.Reference;

/// <summary>A message of the configuration: a block of fields.</summary>
/// <param name="Name">Its name, with that of the message around it.</param>
/// <param name="Help">What it is.</param>
/// <param name="Fields">Its fields, in the order of the contract.</param>
public sealed record MessageDescription(string Name, string Help, ImmutableArray<FieldDescription> Fields);
