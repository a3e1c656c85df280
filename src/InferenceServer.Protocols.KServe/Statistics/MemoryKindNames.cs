using InferenceServer.Abstractions.Models;

namespace InferenceServer.Protocols.KServe.Statistics;

/// <summary>The names that the protocol gives the kinds of memory.</summary>
internal static class MemoryKindNames
{
    public static string Of(MemoryKind kind) => kind switch
    {
        MemoryKind.CpuPinned => "CPU_PINNED",
        MemoryKind.Gpu => "GPU",
        _ => "CPU",
    };
}
