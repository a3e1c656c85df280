namespace InferenceServer.LoadGenerator.Growth;

/// <summary>Counters of the server's process.</summary>
/// <param name="Seconds">When they were read.</param>
/// <param name="ProcessorSeconds">The processor time that it has taken.</param>
/// <param name="Contentions">How often a thread had to wait for a lock.</param>
/// <param name="ResidentBytes">What it has resident.</param>
internal readonly record struct ProcessReading(double Seconds, double ProcessorSeconds, double Contentions, double ResidentBytes);
