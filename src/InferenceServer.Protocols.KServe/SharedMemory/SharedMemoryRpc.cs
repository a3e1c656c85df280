using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Rpc;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>The rpcs of shared memory. Each throws the status of its refusal.</summary>
internal sealed class SharedMemoryRpc(IModelControl control)
{
    public SystemSharedMemoryStatusResponse Status(SystemSharedMemoryStatusRequest request)
    {
        if (!control.SharedMemory.TryList(SharedMemoryKind.System, request.Name, out var regions, out var error))
        {
            throw RpcErrorMapping.ToException(error);
        }

        var response = new SystemSharedMemoryStatusResponse();
        foreach (var region in regions)
        {
            response.Regions[region.Name] = new()
            {
                Name = region.Name,
                Key = region.Key,
                Offset = (ulong)region.Offset,
                ByteSize = (ulong)region.ByteSize,
            };
        }

        return response;
    }

    public SystemSharedMemoryRegisterResponse Register(SystemSharedMemoryRegisterRequest request)
    {
        ThrowIf(control.SharedMemory.RegisterSystem(request.Name, request.Key, request.Offset, request.ByteSize));
        return new SystemSharedMemoryRegisterResponse();
    }

    public SystemSharedMemoryUnregisterResponse Unregister(SystemSharedMemoryUnregisterRequest request)
    {
        ThrowIf(control.SharedMemory.Unregister(SharedMemoryKind.System, request.Name));
        return new SystemSharedMemoryUnregisterResponse();
    }

    public CudaSharedMemoryStatusResponse Status(CudaSharedMemoryStatusRequest request)
    {
        if (!control.SharedMemory.TryList(SharedMemoryKind.Cuda, request.Name, out var regions, out var error))
        {
            throw RpcErrorMapping.ToException(error);
        }

        var response = new CudaSharedMemoryStatusResponse();
        foreach (var region in regions)
        {
            response.Regions[region.Name] = new() { Name = region.Name, DeviceId = (ulong)region.Device.GetValueOrDefault(), ByteSize = (ulong)region.ByteSize };
        }

        return response;
    }

    public CudaSharedMemoryRegisterResponse Register(CudaSharedMemoryRegisterRequest request)
    {
        ThrowIf(control.SharedMemory.RegisterCuda(request.Name, request.RawHandle.Span, request.DeviceId, request.ByteSize));
        return new CudaSharedMemoryRegisterResponse();
    }

    public CudaSharedMemoryUnregisterResponse Unregister(CudaSharedMemoryUnregisterRequest request)
    {
        ThrowIf(control.SharedMemory.Unregister(SharedMemoryKind.Cuda, request.Name));
        return new CudaSharedMemoryUnregisterResponse();
    }

    private static void ThrowIf(InferenceError? error)
    {
        if (error is not null)
        {
            throw RpcErrorMapping.ToException(error);
        }
    }
}
