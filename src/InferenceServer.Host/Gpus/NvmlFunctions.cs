using System.Runtime.InteropServices;

namespace InferenceServer.Host.Gpus;

/// <summary>The functions of NVML that are used, by the names of its header.</summary>
internal sealed class NvmlFunctions
{
    private NvmlFunctions(nint library)
    {
        Init = Find<InitFunction>(library, "nvmlInit_v2");
        GetCount = Find<CountFunction>(library, "nvmlDeviceGetCount_v2");
        GetHandle = Find<HandleFunction>(library, "nvmlDeviceGetHandleByIndex_v2");
        GetUuid = Find<TextFunction>(library, "nvmlDeviceGetUUID");
        GetUtilization = Find<UtilizationFunction>(library, "nvmlDeviceGetUtilizationRates");
        GetMemory = Find<MemoryFunction>(library, "nvmlDeviceGetMemoryInfo");
        GetPower = Find<NumberFunction>(library, "nvmlDeviceGetPowerUsage");
        GetPowerLimit = Find<NumberFunction>(library, "nvmlDeviceGetEnforcedPowerLimit");
        GetEnergy = Find<LongNumberFunction>(library, "nvmlDeviceGetTotalEnergyConsumption");
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int InitFunction();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int CountFunction(out uint count);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int HandleFunction(uint index, out nint device);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int TextFunction(nint device, [Out] byte[] text, uint length);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int UtilizationFunction(nint device, out NvmlUtilization utilization);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int MemoryFunction(nint device, out NvmlMemory memory);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int NumberFunction(nint device, out uint number);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate int LongNumberFunction(nint device, out ulong number);

    public InitFunction Init { get; }

    public CountFunction GetCount { get; }

    public HandleFunction GetHandle { get; }

    public TextFunction GetUuid { get; }

    public UtilizationFunction GetUtilization { get; }

    public MemoryFunction GetMemory { get; }

    public NumberFunction GetPower { get; }

    public NumberFunction GetPowerLimit { get; }

    public LongNumberFunction GetEnergy { get; }

    /// <summary>The functions of a library; null when it lacks one.</summary>
    public static NvmlFunctions? TryFind(nint library)
    {
        try
        {
            return new NvmlFunctions(library);
        }
        catch (EntryPointNotFoundException)
        {
            // Some other library, or one from before 2018.
            return null;
        }
    }

    private static T Find<T>(nint library, string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
}
