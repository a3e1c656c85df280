namespace InferenceServer.Core.Logging;

/// <summary>What is logged, and how.</summary>
/// <param name="VerboseLevel">0 for what happens, 1 for the server's details, 2 and more for those of its libraries too.</param>
/// <param name="Info">False to leave out what merely happens.</param>
/// <param name="Warning">False to leave out what is odd.</param>
/// <param name="Error">False to leave out what fails.</param>
/// <param name="Format">The form of a line.</param>
public sealed record LogSettings(uint VerboseLevel, bool Info, bool Warning, bool Error, LogFormat Format);
