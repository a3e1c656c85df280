namespace InferenceServer.Bench.Load;

/// <summary>Says to a worker with a thread of its own when its next request is due, and blocks until then.</summary>
internal interface IPace
{
    /// <returns>False when no more is to be sent.</returns>
    bool TryNext(out long due);
}
