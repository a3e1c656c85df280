using System.Runtime.InteropServices;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;
using static Inference.ModelInferRequest.Types;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>Makes requests for the model <c>echo</c>.</summary>
internal static class Messages
{
    public static ModelInferRequest Raw(string datatype, long[] shape, params byte[][] raw)
    {
        var request = new ModelInferRequest { ModelName = "echo", Inputs = { Input(datatype, shape) } };
        request.RawInputContents.Add(raw.Select(ByteString.CopyFrom));
        return request;
    }

    public static ModelInferRequest Typed(string datatype, long[] shape, InferTensorContents? contents) =>
        new() { ModelName = "echo", Inputs = { Input(datatype, shape, contents) } };

    public static InferInputTensor Input(string datatype, long[] shape, InferTensorContents? contents = null, string name = "IN") =>
        new() { Name = name, Datatype = datatype, Shape = { shape }, Contents = contents };

    /// <summary>A valid request with one parameter.</summary>
    public static ModelInferRequest With(string name, InferParameter value)
    {
        var request = Raw("UINT8", [1], [7]);
        request.Parameters.Add(name, value);
        return request;
    }

    public static byte[] Bytes<T>(params T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values).ToArray();

    public static byte[] Strings(params string[] values)
    {
        using var stream = new MemoryStream();
        foreach (var value in values.Select(System.Text.Encoding.UTF8.GetBytes))
        {
            stream.Write(BitConverter.GetBytes(value.Length));
            stream.Write(value);
        }

        return stream.ToArray();
    }

    public static int SizeOf(string datatype) => TensorDataTypes.TryParse(datatype, out var type) ? type.ElementSize() : 0;
}
