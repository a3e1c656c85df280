namespace InferenceServer.Host.Startup;

/// <summary>
/// Gives back, once, what starting has left on the managed heap: the runtime would not look before as much again has been allocated as its youngest generation may have, tens of megabytes, which a server that has little to do
/// never does. It is done while nothing is being done, since all threads stand still meanwhile; a server that is busy from the first moment on has its heap collected anyway.
/// </summary>
/// <param name="ready">Ends when starting has.</param>
/// <param name="heap">The managed heap.</param>
/// <param name="time">The clock.</param>
internal sealed class StartGarbage(Task ready, IManagedHeap heap, TimeProvider time)
{
    /// <summary>What is allocated in a second by a server that has nothing to do but to tell that it is there, at the most. Bytes.</summary>
    internal const long IdleBytes = 256 << 10;

    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    /// <summary>Ends when it is done or need not be any more.</summary>
    /// <param name="stopping">Cancelled when the server stops.</param>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await ready.WaitAsync(stopping).ConfigureAwait(false);
            var collections = heap.Collections;
            var before = heap.AllocatedBytes;
            using var timer = new PeriodicTimer(s_second, time);
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false) && heap.Collections == collections)
            {
                var now = heap.AllocatedBytes;
                if (now - before <= IdleBytes)
                {
                    heap.GiveBack();
                    return;
                }

                before = now;
            }
        }
        catch (OperationCanceledException)
        {
            // It ends before it had time for that.
        }
    }
}
