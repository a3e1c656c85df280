namespace InferenceServer.Core.Cuda;

/// <summary>
/// A stretch of code in which a context is current on the calling thread. At its end the thread has the context again that it had before:
/// the same thread may run a model, whose engine counts on its own.
/// </summary>
internal readonly ref struct CudaScope : IDisposable
{
    private readonly ICudaDriver? _entered;

    public CudaScope(ICudaDriver driver, nint context)
    {
        Failure = CudaFailure.Of(driver, "cuCtxPushCurrent", driver.ContextPush(context));
        _entered = Failure is null ? driver : null;
    }

    /// <summary>Why the context did not become current, so that nothing may be called; null when it did.</summary>
    public CudaFailure? Failure { get; }

    // A context that was pushed can be popped. What the driver answers here is the failure of a call before, which has been reported.
    public void Dispose() => _entered?.ContextPop(out _);
}
