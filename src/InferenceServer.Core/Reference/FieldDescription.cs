namespace InferenceServer.Core.Reference;

/// <summary>One field of a message of the configuration.</summary>
/// <param name="Name">Its name, as files write it.</param>
/// <param name="Type">What it holds: a scalar type, the words of an enumeration, or the name of a message.</param>
/// <param name="Message">The message that it holds; null for anything else.</param>
/// <param name="IsList">True when it may be given several times.</param>
/// <param name="IsMap">True when each of its entries has a key.</param>
/// <param name="Choice">The other fields of which at most one may be given; empty for none.</param>
/// <param name="Help">What it says.</param>
/// <param name="State">What the server does with it.</param>
/// <param name="Note">Why it is ignored or refused; empty when it works.</param>
public sealed record FieldDescription(string Name, string Type, string? Message, bool IsList, bool IsMap, string Choice, string Help, FieldState State, string Note);
