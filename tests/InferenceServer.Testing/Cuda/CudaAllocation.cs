using System.Runtime.InteropServices;
using Xunit;

namespace InferenceServer.Testing.Cuda;

/// <summary>Memory on a device, as a client of the server has it: allocated, filled and read by this process, and with a handle for others.</summary>
public sealed unsafe class CudaAllocation : IDisposable
{
    private readonly nint _library;
    private readonly int _device;
    private readonly nint _context;
    private readonly ulong _pointer;

    /// <summary>Allocates memory on the first device.</summary>
    /// <param name="library">The driver's library: its name or its path.</param>
    /// <param name="byteSize">How many bytes.</param>
    public CudaAllocation(string library, int byteSize)
    {
        _library = NativeLibrary.Load(library);
        Check(((delegate* unmanaged[Cdecl]<uint, int>)Find("cuInit"))(0));
        int device;
        nint context;
        Check(((delegate* unmanaged[Cdecl]<int*, int, int>)Find("cuDeviceGet"))(&device, 0));
        Check(((delegate* unmanaged[Cdecl]<nint*, int, int>)Find("cuDevicePrimaryCtxRetain"))(&context, device));
        _device = device;
        _context = context;
        using var current = Enter();
        ulong pointer;
        Check(((delegate* unmanaged[Cdecl]<ulong*, nuint, int>)Find("cuMemAlloc_v2"))(&pointer, (nuint)byteSize));
        _pointer = pointer;
        Length = byteSize;
    }

    public int Length { get; }

    /// <summary>Why there is no device on this machine; null when there is one.</summary>
    public static string? FindObstacle(string library)
    {
        if (!NativeLibrary.TryLoad(library, out var handle))
        {
            return $"there is no {library} on this machine";
        }

        int count;
        var result = ((delegate* unmanaged[Cdecl]<uint, int>)NativeLibrary.GetExport(handle, "cuInit"))(0);
        result = result != 0 ? result : ((delegate* unmanaged[Cdecl]<int*, int>)NativeLibrary.GetExport(handle, "cuDeviceGetCount"))(&count);
        return result != 0 ? $"the driver has no device to use: error {result}" : null;
    }

    /// <summary>The 64 bytes that another process opens the memory by.</summary>
    public byte[] MakeHandle()
    {
        using var current = Enter();
        var handle = new byte[64];
        fixed (byte* place = handle)
        {
            Check(((delegate* unmanaged[Cdecl]<byte*, ulong, int>)Find("cuIpcGetMemHandle"))(place, _pointer));
        }

        return handle;
    }

    public void Write(ReadOnlySpan<byte> content, int offset = 0)
    {
        using var current = Enter();
        fixed (byte* place = content)
        {
            Check(((delegate* unmanaged[Cdecl]<ulong, byte*, nuint, int>)Find("cuMemcpyHtoD_v2"))(_pointer + (ulong)offset, place, (nuint)content.Length));
        }

        Check(((delegate* unmanaged[Cdecl]<nint, int>)Find("cuStreamSynchronize"))(0));
    }

    public byte[] Read(int offset, int length)
    {
        using var current = Enter();
        var bytes = new byte[length];
        fixed (byte* place = bytes)
        {
            Check(((delegate* unmanaged[Cdecl]<byte*, ulong, nuint, int>)Find("cuMemcpyDtoH_v2"))(place, _pointer + (ulong)offset, (nuint)length));
        }

        return bytes;
    }

    public void Dispose()
    {
        using (Enter())
        {
            Check(((delegate* unmanaged[Cdecl]<ulong, int>)Find("cuMemFree_v2"))(_pointer));
        }

        Check(((delegate* unmanaged[Cdecl]<int, int>)Find("cuDevicePrimaryCtxRelease_v2"))(_device));
    }

    private static void Check(int result) => Assert.Equal(0, result);

    private nint Find(string name) => NativeLibrary.GetExport(_library, name);

    private Current Enter()
    {
        Check(((delegate* unmanaged[Cdecl]<nint, int>)Find("cuCtxPushCurrent_v2"))(_context));
        return new Current(this);
    }

    private void Leave()
    {
        nint context;
        Check(((delegate* unmanaged[Cdecl]<nint*, int>)Find("cuCtxPopCurrent_v2"))(&context));
    }

    private readonly ref struct Current(CudaAllocation allocation) : IDisposable
    {
        public void Dispose() => allocation.Leave();
    }
}
