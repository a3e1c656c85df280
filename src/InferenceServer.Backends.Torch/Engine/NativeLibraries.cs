using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>libtorch and TorchSharp's part of it, which are loaded once and stay.</summary>
internal static class NativeLibraries
{
    private static readonly Lock s_gate = new();
    private static bool s_isLoaded;

    /// <summary>Loads them, if that has not been done.</summary>
    /// <param name="interOpThreads">The threads that run parts of models beside one another; null for what the engine thinks right.</param>
    /// <exception cref="DllNotFoundException">One is missing, or cannot be loaded on this machine; the message is the loader's.</exception>
    public static void Load(int? interOpThreads)
    {
        lock (s_gate)
        {
            if (s_isLoaded)
            {
                return;
            }

            // TorchSharp looks for them in many places and tells about all of them; the loader's own words say what is wrong.
            var names = OperatingSystem.IsWindows() ? new[] { "c10", "torch_cpu", "LibTorchSharp" } : ["libc10", "libtorch_cpu", "libLibTorchSharp"];
            foreach (var name in names)
            {
                NativeLibrary.Load(name, Assembly.GetExecutingAssembly(), DllImportSearchPath.AssemblyDirectory);
            }

            InitializeDeviceType(DeviceType.CPU);
            if (interOpThreads is { } count)
            {
                set_num_interop_threads(count);
            }

            s_isLoaded = true;
        }
    }
}
