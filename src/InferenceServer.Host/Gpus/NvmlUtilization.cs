using System.Runtime.InteropServices;

namespace InferenceServer.Host.Gpus;

/// <summary>NVML's <c>nvmlUtilization_t</c>, in per cent.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NvmlUtilization
{
    public readonly uint Gpu;
    public readonly uint Memory;
}
