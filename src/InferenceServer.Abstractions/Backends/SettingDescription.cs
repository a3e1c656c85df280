namespace InferenceServer.Abstractions.Backends;

/// <summary>What there is to say of one setting: a parameter of a model, a key of an option, a member of a file.</summary>
/// <param name="Name">Its name as it is written; parts in angle brackets stand for what is to be put in.</param>
/// <param name="Takes">What values it takes, with unit and range.</param>
/// <param name="Default">What holds when it is left out; empty when it must be given.</param>
/// <param name="Help">What it does, a sentence or two.</param>
public sealed record SettingDescription(string Name, string Takes, string Default, string Help);
