using System.Runtime.InteropServices;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Microbenchmarks.Tensors;
using static Inference.ModelInferRequest.Types;

namespace InferenceServer.Microbenchmarks.Messages;

/// <summary>The messages of requests to the sample model.</summary>
internal static class SampleMessage
{
    /// <summary>One with the elements as they are in memory.</summary>
    public static byte[] Raw(TensorCase tensor) => new ModelInferRequest
    {
        ModelName = SampleModel.Name,
        Id = "1",
        Inputs = { Input(tensor) },
        RawInputContents = { ByteString.CopyFrom(tensor.Bytes) },
    }.ToByteArray();

    /// <summary>One with a field for each element; FP32, INT64 and BYTES.</summary>
    public static byte[] Typed(TensorCase tensor)
    {
        var input = Input(tensor);
        input.Contents = new InferTensorContents();
        switch (tensor.Type)
        {
            case TensorDataType.Fp32:
                input.Contents.Fp32Contents.AddRange(MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray());
                break;
            case TensorDataType.Int64:
                input.Contents.Int64Contents.AddRange(MemoryMarshal.Cast<byte, long>(tensor.Bytes).ToArray());
                break;
            default:
                ReadOnlySpan<byte> rest = tensor.Bytes;
                while (BytesTensor.TryReadNext(ref rest, out var element))
                {
                    input.Contents.BytesContents.Add(ByteString.CopyFrom(element));
                }

                break;
        }

        return new ModelInferRequest { ModelName = SampleModel.Name, Id = "1", Inputs = { input } }.ToByteArray();
    }

    private static InferInputTensor Input(TensorCase tensor) => new() { Name = SampleModel.Input, Datatype = tensor.Type.ProtocolName(), Shape = { 1, tensor.Count } };
}
