using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.SharedMemory;

/// <summary>
/// The sentences that shared memory is refused with. They say what the client said itself, and of the system only what it needs to know:
/// neither why an object cannot be opened nor how long it is.
/// </summary>
internal static class SharedMemoryErrors
{
    public static InferenceError Disabled() =>
        new(ErrorCode.Unsupported, "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.");

    public static InferenceError Platform() => new(ErrorCode.Unsupported, "shared memory is supported on Linux only");

    public static InferenceError NoName() => Invalid("name", "the region name is necessary to register a shared memory region, got an empty one", "a name", "nothing");

    public static InferenceError NameTooLong(int length, int limit) =>
        Invalid("name", $"the name of a shared memory region must have at most {limit} bytes, got {length}", $"at most {limit} bytes", $"{length} bytes");

    public static InferenceError AlreadyExists(string name) => new(ErrorCode.AlreadyExists, $"shared memory region '{name}' already in manager") { Subject = name };

    public static InferenceError Key(string name, string problem) => Invalid("key", $"failed to register shared memory region '{name}': the 'key' is invalid, {problem}");

    public static InferenceError CannotOpen(string key) => Invalid("key", $"Unable to open shared memory region: '{key}'");

    public static InferenceError NoDescriptor(string name) =>
        new(ErrorCode.ResourceExhausted, $"failed to register shared memory region '{name}': the system gives no more file descriptors") { Subject = name };

    public static InferenceError Empty(string name) => Invalid("byte_size", $"failed to register shared memory region '{name}': 'byte_size' must be above 0", "above 0", "0");

    public static InferenceError Unaligned(string name, ulong offset, int pageSize) =>
        Invalid("offset", $"failed to register shared memory region '{name}': invalid args, 'offset' must be a multiple of the page size {pageSize}, got {offset}", $"a multiple of {pageSize}", $"{offset}");

    public static InferenceError BeyondObject(string name, ulong offset, ulong byteSize) =>
        Invalid("byte_size", $"failed to register shared memory region '{name}': invalid args, 'offset' {offset} and 'byte_size' {byteSize} reach beyond the end of the shared memory object");

    public static InferenceError TooMany(string name, int limit) =>
        new(ErrorCode.ResourceExhausted, $"failed to register shared memory region '{name}': there are {limit} regions, which is the most that there may be") { Subject = name, Expected = $"at most {limit} regions" };

    public static InferenceError TooManyBytes(string name, ulong byteSize, long limit) =>
        new(ErrorCode.ResourceExhausted, $"failed to register shared memory region '{name}': with its {byteSize} bytes all regions together would have more than {limit}, which is the most that they may have")
        {
            Subject = name,
            Expected = $"at most {limit} bytes",
            Actual = $"{byteSize} bytes",
        };

    public static InferenceError UnknownOfKind(SharedMemoryKind kind, string name) =>
        new(ErrorCode.NotFound, $"Unable to find {(kind == SharedMemoryKind.Cuda ? "cuda" : "system")} shared memory region: '{name}'") { Subject = name };

    public static InferenceError IsOfOtherKind(SharedMemoryKind kind, string name) =>
        new(ErrorCode.NotFound, $"The region named '{name}' is registered as {(kind == SharedMemoryKind.Cuda ? "system shared memory, not CUDA" : "CUDA shared memory, not system")} shared memory") { Subject = name };

    public static InferenceError Unknown(string name) => new(ErrorCode.NotFound, $"Unable to find shared memory region: '{name}'") { Subject = name };

    public static InferenceError Offset(in SharedMemoryRange range, long size) =>
        Invalid(range.Region, $"Invalid offset for shared memory region: '{range.Region}': expected an offset below {size}, got {range.Offset}", $"below {size}", $"{range.Offset}");

    public static InferenceError Range(in SharedMemoryRange range, long size) =>
        Invalid(range.Region, $"Invalid offset + byte size for shared memory region: '{range.Region}': expected at most {size} together, got {range.Offset} and {range.ByteSize}", $"at most {size}", $"{range.Offset} + {range.ByteSize}");

    public static InferenceError Shortened(string name) =>
        Invalid(name, $"shared memory region '{name}' cannot be used: its shared memory object has been shortened since it was registered");

    public static InferenceError NotReadable(string name) => new(ErrorCode.Internal, $"shared memory region '{name}' cannot be read: the system refused it") { Subject = name };

    public static InferenceError NotWritable(string name) =>
        new(ErrorCode.ResourceExhausted, $"shared memory region '{name}' cannot be written: the system has no memory for it") { Subject = name };

    private static InferenceError Invalid(string subject, string message, string? expected = null, string? actual = null) =>
        new(ErrorCode.InvalidArgument, message) { Subject = subject, Expected = expected, Actual = actual };
}
