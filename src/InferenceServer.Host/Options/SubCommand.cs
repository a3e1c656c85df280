namespace InferenceServer.Host.Options;

/// <summary>What the program can do besides serving, by a word that stands before the options.</summary>
/// <param name="Word">The word.</param>
/// <param name="Usage">What follows it.</param>
/// <param name="Help">What it does and what its exit code says.</param>
/// <param name="IsOfServer">True when the server itself starts it, and nobody else has use for it.</param>
internal sealed record SubCommand(string Word, string Usage, string Help, bool IsOfServer = false);
