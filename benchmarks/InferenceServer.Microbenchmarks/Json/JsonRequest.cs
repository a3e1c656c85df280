using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Json;

/// <summary>The JSON of requests to the sample model.</summary>
internal static class JsonRequest
{
    /// <summary>One with its elements in it.</summary>
    public static byte[] Of(TensorCase tensor) => Encoding.UTF8.GetBytes($"{{\"id\":\"1\",\"inputs\":[{{\"name\":\"{SampleModel.Input}\",\"datatype\":\"{tensor.Type.ProtocolName()}\",\"shape\":[1,{tensor.Count}],\"data\":{tensor.Json}}}]}}");

    /// <summary>What goes before the elements of one that has them behind it.</summary>
    public static byte[] HeadOf(TensorCase tensor, int length) => Encoding.UTF8.GetBytes(
        $"{{\"id\":\"1\",\"inputs\":[{{\"name\":\"{SampleModel.Input}\",\"datatype\":\"{tensor.Type.ProtocolName()}\",\"shape\":[1,{tensor.Count}],\"parameters\":{{\"binary_data_size\":{length}}}}}],\"parameters\":{{\"binary_data_output\":true}}}}");
}
