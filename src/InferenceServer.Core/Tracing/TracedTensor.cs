using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Tracing;

/// <summary>A tensor as a trace keeps it: a copy of its beginning.</summary>
/// <param name="Activity">Where it was seen.</param>
/// <param name="Name">Its name.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its whole shape.</param>
/// <param name="Data">Its first bytes.</param>
/// <param name="Length">How many bytes it has.</param>
internal sealed record TracedTensor(TraceActivity Activity, string Name, TensorDataType DataType, TensorShape Shape, byte[] Data, long Length)
{
    /// <summary>The most bytes of one tensor that a trace keeps; a multiple of every element's size.</summary>
    public const int MaxBytes = 64 << 10;

    public bool IsCut => Data.Length < Length;

    public static TracedTensor Of(TraceActivity activity, in TensorView tensor) => new(
        activity, tensor.Name, tensor.DataType, tensor.Shape, tensor.Buffer.Slice(tensor.Offset, (int)Math.Min(MaxBytes, tensor.Length)).ToArray(), tensor.Length);
}
