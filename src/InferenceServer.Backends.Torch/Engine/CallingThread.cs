using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>What libtorch keeps for each thread that calls it, as a model wants it.</summary>
/// <param name="Count">How many threads an operator uses, the calling one among them.</param>
/// <param name="Optimizes">False when TorchScript is run as it is written.</param>
internal sealed partial record CallingThread(int Count, bool Optimizes)
{
    [ThreadStatic]
    private static CallingThread? t_current;

    /// <summary>Whether this platform lets a thread go without optimised execution.</summary>
    public static bool CanChooseOptimization => OperatingSystem.IsLinux();

    /// <summary>Makes it so for the calling thread.</summary>
    public void Enter()
    {
        var current = t_current;
        if (ReferenceEquals(current, this))
        {
            return;
        }

        if (current?.Count != Count)
        {
            set_num_threads(Count);
        }

        if ((current?.Optimizes ?? true) != Optimizes)
        {
            SetGraphExecutorOptimize(Optimizes);
        }

        t_current = this;
    }

    // torch::jit::setGraphExecutorOptimize, which TorchSharp does not pass on; it is for the calling thread.
    [LibraryImport("libtorch_cpu", EntryPoint = "_ZN5torch3jit24setGraphExecutorOptimizeEb")]
    private static partial void SetGraphExecutorOptimize([MarshalAs(UnmanagedType.U1)] bool optimizes);
}
