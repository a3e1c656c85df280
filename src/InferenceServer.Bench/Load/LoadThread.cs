namespace InferenceServer.Bench.Load;

/// <summary>Threads that send by blocking calls.</summary>
internal static class LoadThread
{
    private const int StackBytes = 256 * 1024;

    /// <summary>Runs a loop in a thread of its own. Whatever it throws ends the run with its own message instead of the process.</summary>
    public static Task RunAsync(Action loop)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    loop();
                    done.SetResult();
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            StackBytes)
        {
            IsBackground = true,
            Name = "http load",
        };
        thread.Start();
        return done.Task;
    }
}
