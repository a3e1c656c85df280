using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Identity;

/// <summary>Holds an execution for a while by the clock it is given.</summary>
internal static class ExecutionDelay
{
    /// <exception cref="BackendException">Nobody waits for the result any more (<see cref="ErrorCode.Cancelled"/>).</exception>
    public static void Wait(TimeSpan delay, TimeProvider time, CancellationToken cancellation)
    {
        if (delay <= TimeSpan.Zero)
        {
            return;
        }

        // Not disposed: a timer that has fired already may still be about to set it after a cancelled wait, and it holds no handle.
        var over = new ManualResetEventSlim();
        using var timer = time.CreateTimer(static state => ((ManualResetEventSlim)state!).Set(), over, delay, Timeout.InfiniteTimeSpan);
        try
        {
            over.Wait(cancellation);
        }
        catch (OperationCanceledException exception)
        {
            throw new BackendException(ErrorCode.Cancelled, "the execution was cancelled during its delay", exception);
        }
    }
}
