using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// Makes the message of a response. Outputs always go into <c>raw_output_contents</c>, one entry an output in the same order, and point
/// to the response's memory: the message is valid until the response is disposed. The entry of an output in shared memory is empty.
/// </summary>
internal static class InferResponseWriter
{
    public static bool TryWrite(InferenceResponse response, SharedOutputs? shared, [NotNullWhen(true)] out ModelInferResponse? message, [NotNullWhen(false)] out InferenceError? error)
    {
        message = new ModelInferResponse
        {
            ModelName = response.ModelName,
            ModelVersion = response.ModelVersion.ToString(CultureInfo.InvariantCulture),
            Id = response.Id,
        };
        foreach (ref readonly var output in response.Outputs)
        {
            message.Outputs.Add(Describe(output));
        }

        foreach (var (name, value) in response.Parameters)
        {
            message.Parameters[name] = Describe(value);
        }

        var size = MeasureWith(message, response.Outputs, shared);
        if (size > int.MaxValue)
        {
            // Neither gRPC nor a memory of .NET can hold it; without this check the failure would come from inside the serialiser.
            message = null;
            error = TooLarge(size);
            return false;
        }

        foreach (ref readonly var output in response.Outputs)
        {
            message.RawOutputContents.Add(CarriedLength(output, shared) == 0 ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(new TensorMemory(output).Memory));
        }

        error = null;
        return true;
    }

    /// <summary>The response takes more bytes than a message can have.</summary>
    public static InferenceError TooLarge(long size) => new(ErrorCode.InvalidArgument, $"Response has byte size {size} which exceeds gRPC's byte size limit {int.MaxValue}.");

    /// <summary>The message of a parameter.</summary>
    public static InferParameter Describe(in ParameterValue value) =>
        value.TryGetString(out var text) ? new InferParameter { StringParam = text }
        : value.TryGetBool(out var flag) ? new InferParameter { BoolParam = flag }
        : value.TryGetDouble(out var real) ? new InferParameter { DoubleParam = real }
        : value.TryGetInt64(out var signed) ? new InferParameter { Int64Param = signed }
        : value.TryGetUInt64(out var unsigned) ? new InferParameter { Uint64Param = unsigned }
        : throw new InvalidOperationException($"a parameter of kind {value.Kind} has no message");

    private static ModelInferResponse.Types.InferOutputTensor Describe(in TensorView output)
    {
        var message = new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = output.DataType.ProtocolName() };
        foreach (var dimension in output.Shape.AsSpan())
        {
            message.Shape.Add(dimension);
        }

        return message;
    }

    private static long MeasureWith(ModelInferResponse message, ReadOnlySpan<TensorView> outputs, SharedOutputs? shared)
    {
        long size = message.CalculateSize();
        foreach (ref readonly var output in outputs)
        {
            // One byte of tag, the length, the bytes.
            var length = CarriedLength(output, shared);
            size += 1 + CodedOutputStream.ComputeUInt64Size((ulong)length) + length;
        }

        return size;
    }

    /// <summary>How many bytes of an output the message carries.</summary>
    public static long CarriedLength(in TensorView output, SharedOutputs? shared) => shared?.Contains(output.Name) ?? false ? 0 : output.Length;
}
