using System.Globalization;
using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>
/// What of this machine an optimised graph depends on: the engine lays weights out for the vectors of the processor that it runs on, and computes what is constant with
/// its kernels.
/// </summary>
internal static class MachineTraits
{
    private const string KernelsList = "/proc/cpuinfo";

    /// <summary>One line, the same for machines that can have each other's graphs.</summary>
    public static string Read(IFileSystem files) => $"{RuntimeInformation.OSArchitecture} {RuntimeInformation.RuntimeIdentifier} {ReadFeatures(files)}";

    private static string ReadFeatures(IFileSystem files)
    {
        if (X86Base.IsSupported)
        {
            // The vendor, the model, and all that it says it can do; what differs from one core to the next (in EBX of leaf 1) is left out.
            var (_, vendorB, vendorC, vendorD) = X86Base.CpuId(0, 0);
            var (model, _, basicC, basicD) = X86Base.CpuId(1, 0);
            var (_, extendedB, extendedC, extendedD) = X86Base.CpuId(7, 0);
            var (furtherA, _, _, furtherD) = X86Base.CpuId(7, 1);
            int[] registers = [vendorB, vendorC, vendorD, model, basicC, basicD, extendedB, extendedC, extendedD, furtherA, furtherD];
            return string.Join('-', registers.Select(static register => register.ToString("x8", CultureInfo.InvariantCulture)));
        }

        return files.File.Exists(KernelsList) ? files.File.ReadLines(KernelsList).FirstOrDefault(static line => line.StartsWith("Features", StringComparison.Ordinal)) ?? "" : "";
    }
}
