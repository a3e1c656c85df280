namespace InferenceServer.Bench.Load;

/// <summary>A thread with what it sends over.</summary>
internal interface IHttpWorker : IDisposable
{
    /// <summary>How many connections it has.</summary>
    int Connections { get; }

    /// <summary>Opens them and has each asked once. Blocks.</summary>
    /// <exception cref="Failures.RequestFailedException">An answer is not a good one.</exception>
    void Open(CancellationToken cancellation);

    /// <summary>Sends in a thread of its own whatever is due.</summary>
    Task RunAsync(IPace pace);
}
