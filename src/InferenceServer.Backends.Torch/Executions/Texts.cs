using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>Carries texts between the length-prefixed layout and pairs of tensors: the bytes of all elements, and where each ends among them.</summary>
internal static class Texts
{
    /// <summary>Makes the pair of an input: both of INT64, which is what TorchScript makes lists of.</summary>
    /// <exception cref="BackendException">The data does not hold as many elements as the shape says.</exception>
    public static (Tensor Data, Tensor Ends) Read(in TensorView input)
    {
        if (!input.Shape.TryGetElementCount(out var count) || count > input.Length / BytesTensor.PrefixSize)
        {
            throw Mismatch(input);
        }

        var rest = (ReadOnlySpan<byte>)input.Span;
        var data = new long[input.Length - (count * BytesTensor.PrefixSize)];
        var ends = new long[count];
        var end = 0;
        for (var i = 0; i < count; i++)
        {
            if (!BytesTensor.TryReadNext(ref rest, out var element) || end + element.Length > data.Length)
            {
                throw Mismatch(input);
            }

            foreach (var value in element)
            {
                data[end++] = value;
            }

            ends[i] = end;
        }

        return rest.IsEmpty ? (tensor(data), tensor(ends)) : throw Mismatch(input);
    }

    /// <summary>Writes a pair, UINT8 and INT64, as an output.</summary>
    public static void Write(Tensor data, Tensor ends, int output, TensorSpec spec, ExecutionBatch batch)
    {
        var bytes = data.bytes;
        var places = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(ends.bytes);
        var length = bytes.Length + ((long)places.Length * BytesTensor.PrefixSize);
        var rest = batch.AllocateOutput(output, OutputShape.Fit(spec, places.Length), length).Slice(0, checked((int)length));
        var begin = 0;
        foreach (var end in places)
        {
            rest = rest[BytesTensor.Write(rest, bytes[begin..(int)end])..];
            begin = (int)end;
        }
    }

    private static BackendException Mismatch(in TensorView input)
    {
        input.Shape.TryGetElementCount(out var expected);
        var whole = BytesTensor.TryCount(input.Span, out var elements) ? "" : " and then a piece of one";
        return new BackendException(
            ErrorCode.InvalidArgument, $"input '{input.Name}' of the type BYTES and shape {input.Shape}: expected {expected} elements with a length in front of each, got {elements}{whole}");
    }
}
