namespace InferenceServer.Core.Configuration;

/// <summary>A place in a configuration file; the default value stands for the file as a whole.</summary>
/// <param name="Line">The line, counted from 1.</param>
/// <param name="Column">The character in the line, counted from 1.</param>
public readonly record struct ConfigPosition(int Line, int Column);
