using InferenceServer.Bench.Requests;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.LoadGenerator.Floors;

/// <summary>What is held against the engine by hand, and how.</summary>
/// <param name="Model">The model.</param>
/// <param name="File">Its file.</param>
/// <param name="Rows">The leading dimension of a request's inputs.</param>
/// <param name="Encoding">How the server is asked.</param>
/// <param name="Connections">By how many at a time.</param>
/// <param name="Batches">The sizes of batches, in requests, of which the loop takes the best.</param>
/// <param name="Rounds">Every round measures both once.</param>
/// <param name="WarmUp">Discarded before each measurement.</param>
/// <param name="Measure">Measured time of each.</param>
/// <param name="Timeout">The longest a single answer may take.</param>
internal sealed record FloorPlan(
    string Model,
    string File,
    int Rows,
    WireEncoding Encoding,
    int Connections,
    IReadOnlyList<int> Batches,
    int Rounds,
    TimeSpan WarmUp,
    TimeSpan Measure,
    TimeSpan Timeout)
{
    /// <summary>Discarded load on the server before the first round, in which it finds out how many rows and executions get the most done.</summary>
    public TimeSpan Settle { get; init; }

    /// <summary>How tensors travel in shared memory; null for in messages.</summary>
    public SharedMemoryPlan? SharedMemory { get; init; }
}
