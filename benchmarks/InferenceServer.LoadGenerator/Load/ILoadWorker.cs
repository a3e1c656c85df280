namespace InferenceServer.LoadGenerator.Load;

/// <summary>One connection that sends its next request when the last answer is read.</summary>
internal interface ILoadWorker : IDisposable
{
    /// <summary>Opens the connection and has one answer checked, outside any measured time.</summary>
    Task OpenAsync(CancellationToken cancellation);

    /// <summary>Sends until the window ends.</summary>
    Task RunAsync(LoadWindow window, WorkerTally tally, CancellationToken cancellation);
}
