using System.Runtime.InteropServices;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Runs what takes long and can wait, such as the load of a model, on a thread of its own that the system lets run after those that serve requests. Without
/// it a load is as good as any request, and where processors are few, requests wait a whole time slice for it.
/// </summary>
internal static partial class BackgroundThread
{
    /// <summary>Of 19: a thread at 0 gets nine times as much of a processor that both want.</summary>
    private const int Niceness = 10;

    private const int OfThread = 0;

    /// <summary>Runs the synchronous part of some work there.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="work">The work.</param>
    public static async Task<T> RunAsync<T>(string name, Func<ValueTask<T>> work)
    {
        var begun = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(work, begun)) { IsBackground = true, Name = name }.Start();
        return await (await begun.Task.ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static void Run<T>(Func<ValueTask<T>> work, TaskCompletionSource<Task<T>> begun)
    {
        if (OperatingSystem.IsLinux())
        {
            // For the calling thread alone, as Linux has it. Where it is refused the thread is as any other.
            _ = SetPriority(OfThread, 0, Niceness);
        }

        try
        {
            begun.SetResult(work().AsTask());
        }
        catch (Exception exception)
        {
            begun.SetException(exception);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
