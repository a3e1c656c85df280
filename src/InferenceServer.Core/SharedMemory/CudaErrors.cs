using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Cuda;

namespace InferenceServer.Core.SharedMemory;

/// <summary>The sentences that a device's shared memory is refused with. Of the driver they repeat its error, of the allocation nothing.</summary>
internal static class CudaErrors
{
    public static InferenceError NoCuda(string name, string problem) =>
        Invalid(name, $"failed to register CUDA shared memory region: '{name}', GPUs not supported: {problem}");

    public static InferenceError HandleSize(int length) =>
        Invalid("raw_handle", $"'raw_handle' must be a cudaIpcMemHandle_t of {CudaMemoryHandle.Size} bytes, got {length}", $"{CudaMemoryHandle.Size} bytes", $"{length} bytes");

    public static InferenceError NoDevice(string name, long device, int count) =>
        Invalid("device_id", $"{Failed(name)}: expected a 'device_id' from 0 to {count - 1}, got {device}", $"from 0 to {count - 1}", $"{device}");

    public static InferenceError Empty(string name) => Invalid("byte_size", $"{Failed(name)}: 'byte_size' must be above 0", "above 0", "0");

    public static InferenceError BeyondAllocation(string name, ulong byteSize) =>
        Invalid("byte_size", $"{Failed(name)}: invalid args, 'byte_size' {byteSize} reaches beyond the end of the allocation");

    public static InferenceError CannotOpen(string name, CudaFailure failure) =>
        new(CodeOf(failure, ErrorCode.InvalidArgument), $"{Failed(name)}: {failure}") { Subject = name };

    public static InferenceError NotReadable(string name, CudaFailure failure) =>
        new(CodeOf(failure, ErrorCode.Internal), $"shared memory region '{name}' cannot be read: {failure}") { Subject = name };

    public static InferenceError NotWritable(string name, CudaFailure failure) =>
        new(CodeOf(failure, ErrorCode.Internal), $"shared memory region '{name}' cannot be written: {failure}") { Subject = name };

    private static ErrorCode CodeOf(CudaFailure failure, ErrorCode other) => failure.Result == CudaResult.OutOfMemory ? ErrorCode.ResourceExhausted : other;

    private static string Failed(string name) => $"failed to register CUDA shared memory region '{name}'";

    private static InferenceError Invalid(string subject, string message, string? expected = null, string? actual = null) =>
        new(ErrorCode.InvalidArgument, message) { Subject = subject, Expected = expected, Actual = actual };
}
