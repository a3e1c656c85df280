using System.Runtime.InteropServices;

namespace InferenceServer.Core.Cuda;

/// <summary>The driver of this machine. Its library is looked for when it is needed first: a server that never uses CUDA never loads it.</summary>
/// <param name="library">What the library is called.</param>
internal sealed unsafe class CudaDriver(string library) : ICudaDriver
{
    /// <summary>What the driver's installation calls it. The name without a number is that of the files for developers.</summary>
    public const string LibraryName = "libcuda.so.1";

    private readonly Lock _gate = new();
    private volatile CudaFunctions? _functions;

    private CudaFunctions Functions => _functions ?? throw new InvalidOperationException("the driver has not been loaded");

    public string? Load()
    {
        lock (_gate)
        {
            if (_functions is not null)
            {
                return null;
            }

            if (!NativeLibrary.TryLoad(library, out var handle))
            {
                return $"the library {LibraryName} of NVIDIA's driver is not on this machine";
            }

            var functions = new CudaFunctions(handle, out var missing);
            if (missing is not null)
            {
                NativeLibrary.Free(handle);
                return $"the library {LibraryName} on this machine has no function {missing}; install a driver for CUDA 11 or later";
            }

            _functions = functions;
            return null;
        }
    }

    public CudaResult Init(uint flags) => Functions.Init(flags);

    public CudaResult DeviceGetCount(out int count)
    {
        fixed (int* place = &count)
        {
            *place = 0;
            return Functions.DeviceGetCount(place);
        }
    }

    public CudaResult DeviceGet(out int device, int ordinal)
    {
        fixed (int* place = &device)
        {
            *place = 0;
            return Functions.DeviceGet(place, ordinal);
        }
    }

    public CudaResult PrimaryContextRetain(out nint context, int device)
    {
        fixed (nint* place = &context)
        {
            *place = 0;
            return Functions.PrimaryContextRetain(place, device);
        }
    }

    public CudaResult PrimaryContextRelease(int device) => Functions.PrimaryContextRelease(device);

    public CudaResult ContextPush(nint context) => Functions.ContextPush(context);

    public CudaResult ContextPop(out nint context)
    {
        fixed (nint* place = &context)
        {
            *place = 0;
            return Functions.ContextPop(place);
        }
    }

    public CudaResult OpenMemory(out ulong pointer, in CudaMemoryHandle handle, uint flags)
    {
        fixed (ulong* place = &pointer)
        {
            *place = 0;
            return Functions.OpenMemory(place, handle, flags);
        }
    }

    public CudaResult CloseMemory(ulong pointer) => Functions.CloseMemory(pointer);

    public CudaResult GetAddressRange(out ulong start, out nuint size, ulong pointer)
    {
        fixed (ulong* startPlace = &start)
        fixed (nuint* sizePlace = &size)
        {
            *startPlace = 0;
            *sizePlace = 0;
            return Functions.GetAddressRange(startPlace, sizePlace, pointer);
        }
    }

    public CudaResult CopyToHost(nint destination, ulong source, nuint size) => Functions.CopyToHost(destination, source, size);

    public CudaResult CopyToDevice(ulong destination, nint source, nuint size) => Functions.CopyToDevice(destination, source, size);

    public CudaResult StreamSynchronize(nint stream) => Functions.StreamSynchronize(stream);

    public CudaResult GetErrorName(CudaResult error, out string? name)
    {
        byte* text = null;
        var result = Functions.GetErrorName(error, &text);
        name = Marshal.PtrToStringUTF8((nint)text);
        return result;
    }

    public CudaResult GetErrorString(CudaResult error, out string? text)
    {
        byte* words = null;
        var result = Functions.GetErrorString(error, &words);
        text = Marshal.PtrToStringUTF8((nint)words);
        return result;
    }
}
