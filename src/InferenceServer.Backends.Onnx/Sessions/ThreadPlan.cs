using System.Globalization;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>The threads inside an operator of a session with a pool of its own. Pure.</summary>
/// <param name="Count">How many, the thread that calls the session among them.</param>
/// <param name="Affinities">Which processor each of the others keeps to, as the engine writes it; null when they may run on any.</param>
internal readonly record struct ThreadPlan(int Count, string? Affinities)
{
    /// <summary>The engine's entry for <see cref="Affinities"/>.</summary>
    public const string AffinitiesEntry = "session.intra_op_thread_affinities";

    /// <summary>Plans.</summary>
    /// <param name="asked">How many the model asks for; 0 for as many as processors.</param>
    /// <param name="processors">How many processors the process may use.</param>
    /// <param name="keepTo">The processors that the threads keep to; null when they may run on any.</param>
    public static ThreadPlan Of(int asked, int processors, ProcessorSet? keepTo)
    {
        var count = asked != 0 ? asked : keepTo?.Ids.Length ?? processors;
        if (keepTo is null || count < 2)
        {
            return new ThreadPlan(count, null);
        }

        // The calling thread is the server's to keep; the engine counts processors from 1.
        var ids = keepTo.Ids;
        var affinities = Enumerable.Range(1, count - 1).Select(thread => (ids[thread % ids.Length] + 1).ToString(CultureInfo.InvariantCulture));
        return new ThreadPlan(count, string.Join(';', affinities));
    }
}
