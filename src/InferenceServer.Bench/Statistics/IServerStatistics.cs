namespace InferenceServer.Bench.Statistics;

/// <summary>Asks a server for its counters of a model.</summary>
internal interface IServerStatistics
{
    /// <summary>What is wrong with them; null while nothing is.</summary>
    string? Problem { get; }

    /// <returns>Null when the server has none; why is in <see cref="Problem"/>.</returns>
    Task<ServerCounters?> ReadAsync(CancellationToken cancellation);
}
