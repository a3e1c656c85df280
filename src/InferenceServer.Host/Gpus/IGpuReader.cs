using System.Collections.Immutable;

namespace InferenceServer.Host.Gpus;

/// <summary>Tells how the GPUs of the machine stand.</summary>
internal interface IGpuReader
{
    /// <summary>All of them, in the driver's order; none where there is no driver.</summary>
    ImmutableArray<GpuReading> Read();
}
