namespace InferenceServer.Core.Cuda;

/// <summary>
/// The functions of NVIDIA's driver that are used here, one method each and nothing added: what is called, with what and in which order, can be
/// tested without a device. Nothing but <see cref="Load"/> may be called before that has succeeded.
/// </summary>
internal interface ICudaDriver
{
    /// <summary>Loads the driver's library, once; later calls find it loaded.</summary>
    /// <returns>What is missing, as a part of a sentence, or null.</returns>
    string? Load();

    /// <summary><c>cuInit</c>.</summary>
    CudaResult Init(uint flags);

    /// <summary><c>cuDeviceGetCount</c>.</summary>
    CudaResult DeviceGetCount(out int count);

    /// <summary><c>cuDeviceGet</c>.</summary>
    CudaResult DeviceGet(out int device, int ordinal);

    /// <summary><c>cuDevicePrimaryCtxRetain</c>.</summary>
    CudaResult PrimaryContextRetain(out nint context, int device);

    /// <summary><c>cuDevicePrimaryCtxRelease_v2</c>.</summary>
    CudaResult PrimaryContextRelease(int device);

    /// <summary><c>cuCtxPushCurrent_v2</c>.</summary>
    CudaResult ContextPush(nint context);

    /// <summary><c>cuCtxPopCurrent_v2</c>.</summary>
    CudaResult ContextPop(out nint context);

    /// <summary><c>cuIpcOpenMemHandle_v2</c>.</summary>
    CudaResult OpenMemory(out ulong pointer, in CudaMemoryHandle handle, uint flags);

    /// <summary><c>cuIpcCloseMemHandle</c>.</summary>
    CudaResult CloseMemory(ulong pointer);

    /// <summary><c>cuMemGetAddressRange_v2</c>.</summary>
    CudaResult GetAddressRange(out ulong start, out nuint size, ulong pointer);

    /// <summary><c>cuMemcpyDtoH_v2</c>.</summary>
    CudaResult CopyToHost(nint destination, ulong source, nuint size);

    /// <summary><c>cuMemcpyHtoD_v2</c>.</summary>
    CudaResult CopyToDevice(ulong destination, nint source, nuint size);

    /// <summary><c>cuStreamSynchronize</c>.</summary>
    CudaResult StreamSynchronize(nint stream);

    /// <summary><c>cuGetErrorName</c>.</summary>
    CudaResult GetErrorName(CudaResult error, out string? name);

    /// <summary><c>cuGetErrorString</c>.</summary>
    CudaResult GetErrorString(CudaResult error, out string? text);
}
