using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Load;

/// <summary>All connections of a point over one transport.</summary>
internal interface ILoadDriver : IAsyncDisposable
{
    /// <summary>How many connections there are by now.</summary>
    int Connections { get; }

    /// <summary>Opens the first connections and has each asked once, outside any measured time.</summary>
    /// <exception cref="RequestFailedException">The server cannot be reached, or its answer is not a good one.</exception>
    Task OpenAsync(CancellationToken cancellation);

    /// <summary>Sends until the control says that it is over, and waits for what is in flight.</summary>
    /// <param name="schedule">When requests are due; null for a closed loop.</param>
    Task RunAsync(ArrivalSchedule? schedule);

    /// <summary>Ends what is in flight, which then fails.</summary>
    void Abort();
}
