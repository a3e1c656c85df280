using System.Runtime.InteropServices;

namespace InferenceServer.Core.Cuda;

/// <summary>
/// Where the functions are in the loaded library. Several have a number behind their name: the header of the driver maps the plain name to the
/// newest one, while the plain name in the library is a function of another signature, for programs of older times.
/// </summary>
internal sealed unsafe class CudaFunctions
{
    public readonly delegate* unmanaged[Cdecl]<uint, CudaResult> Init;
    public readonly delegate* unmanaged[Cdecl]<int*, CudaResult> DeviceGetCount;
    public readonly delegate* unmanaged[Cdecl]<int*, int, CudaResult> DeviceGet;
    public readonly delegate* unmanaged[Cdecl]<nint*, int, CudaResult> PrimaryContextRetain;
    public readonly delegate* unmanaged[Cdecl]<int, CudaResult> PrimaryContextRelease;
    public readonly delegate* unmanaged[Cdecl]<nint, CudaResult> ContextPush;
    public readonly delegate* unmanaged[Cdecl]<nint*, CudaResult> ContextPop;
    public readonly delegate* unmanaged[Cdecl]<ulong*, CudaMemoryHandle, uint, CudaResult> OpenMemory;
    public readonly delegate* unmanaged[Cdecl]<ulong, CudaResult> CloseMemory;
    public readonly delegate* unmanaged[Cdecl]<ulong*, nuint*, ulong, CudaResult> GetAddressRange;
    public readonly delegate* unmanaged[Cdecl]<nint, ulong, nuint, CudaResult> CopyToHost;
    public readonly delegate* unmanaged[Cdecl]<ulong, nint, nuint, CudaResult> CopyToDevice;
    public readonly delegate* unmanaged[Cdecl]<nint, CudaResult> StreamSynchronize;
    public readonly delegate* unmanaged[Cdecl]<CudaResult, byte**, CudaResult> GetErrorName;
    public readonly delegate* unmanaged[Cdecl]<CudaResult, byte**, CudaResult> GetErrorString;

    /// <summary>Looks the functions up.</summary>
    /// <param name="library">The loaded library.</param>
    /// <param name="missing">The first function that it does not have, or null; with it, nothing here may be called.</param>
    public CudaFunctions(nint library, out string? missing)
    {
        missing = null;
        Init = (delegate* unmanaged[Cdecl]<uint, CudaResult>)Find(library, "cuInit", ref missing);
        DeviceGetCount = (delegate* unmanaged[Cdecl]<int*, CudaResult>)Find(library, "cuDeviceGetCount", ref missing);
        DeviceGet = (delegate* unmanaged[Cdecl]<int*, int, CudaResult>)Find(library, "cuDeviceGet", ref missing);
        PrimaryContextRetain = (delegate* unmanaged[Cdecl]<nint*, int, CudaResult>)Find(library, "cuDevicePrimaryCtxRetain", ref missing);
        PrimaryContextRelease = (delegate* unmanaged[Cdecl]<int, CudaResult>)Find(library, "cuDevicePrimaryCtxRelease_v2", ref missing);
        ContextPush = (delegate* unmanaged[Cdecl]<nint, CudaResult>)Find(library, "cuCtxPushCurrent_v2", ref missing);
        ContextPop = (delegate* unmanaged[Cdecl]<nint*, CudaResult>)Find(library, "cuCtxPopCurrent_v2", ref missing);
        OpenMemory = (delegate* unmanaged[Cdecl]<ulong*, CudaMemoryHandle, uint, CudaResult>)Find(library, "cuIpcOpenMemHandle_v2", ref missing);
        CloseMemory = (delegate* unmanaged[Cdecl]<ulong, CudaResult>)Find(library, "cuIpcCloseMemHandle", ref missing);
        GetAddressRange = (delegate* unmanaged[Cdecl]<ulong*, nuint*, ulong, CudaResult>)Find(library, "cuMemGetAddressRange_v2", ref missing);
        CopyToHost = (delegate* unmanaged[Cdecl]<nint, ulong, nuint, CudaResult>)Find(library, "cuMemcpyDtoH_v2", ref missing);
        CopyToDevice = (delegate* unmanaged[Cdecl]<ulong, nint, nuint, CudaResult>)Find(library, "cuMemcpyHtoD_v2", ref missing);
        StreamSynchronize = (delegate* unmanaged[Cdecl]<nint, CudaResult>)Find(library, "cuStreamSynchronize", ref missing);
        GetErrorName = (delegate* unmanaged[Cdecl]<CudaResult, byte**, CudaResult>)Find(library, "cuGetErrorName", ref missing);
        GetErrorString = (delegate* unmanaged[Cdecl]<CudaResult, byte**, CudaResult>)Find(library, "cuGetErrorString", ref missing);
    }

    private static nint Find(nint library, string name, ref string? missing)
    {
        if (!NativeLibrary.TryGetExport(library, name, out var function))
        {
            missing ??= name;
        }

        return function;
    }
}
