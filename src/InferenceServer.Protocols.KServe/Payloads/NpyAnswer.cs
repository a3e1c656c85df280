using System.Buffers;
using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>An answer that is an npy file of format version 1.0, for a client that accepts one: its data lies as the tensor has it.</summary>
internal static class NpyAnswer
{
    public const string ContentType = "application/x-npy";

    /// <summary>The most bytes that strings may take once they are all as long as the longest.</summary>
    public const int MaxStringBytes = 64 << 20;

    private const int Alignment = 64;

    /// <summary>
    /// Finds out whether the answer is to be an npy file, which then must have one output. A client that would take JSON too gets that for
    /// more of them.
    /// </summary>
    /// <returns>Why there is no answer that the client accepts, or null.</returns>
    public static InferenceError? Negotiate(in StringValues accept, ModelConfig model, InferHeader header)
    {
        if (!Mentions(accept))
        {
            // Nearly every request ends here.
            return null;
        }

        var (npy, json) = MediaRanges.Weigh(accept, PayloadKinds.IsNpy);
        var takesNpy = npy > 0 && npy >= json;
        var outputs = header.Outputs.Count > 0 ? header.Outputs.Count : model.Outputs.Length;

        // An output that goes to shared memory leaves nothing to send but what it is.
        header.SendsNpy = takesNpy && outputs == 1 && !header.Outputs.Exists(static output => output.Target is not null);
        return !takesNpy || json > 0 || outputs == 1 ? null : PayloadErrors.NpyOutputs(model.Name, outputs);
    }

    /// <summary>Finds out whether a file can say what the output says.</summary>
    public static InferenceError? Check(in TensorView output)
    {
        if (output.DataType != TensorDataType.Bytes)
        {
            return null;
        }

        var (elements, longest) = (0L, 0);
        ReadOnlySpan<byte> rest = output.Span;
        while (BytesTensor.TryReadNext(ref rest, out var element))
        {
            if (element is [.., 0])
            {
                return PayloadErrors.NpyTrailingNul(output.Name);
            }

            elements++;
            longest = Math.Max(longest, element.Length);
        }

        var bytes = (Int128)elements * longest;
        return bytes > MaxStringBytes ? PayloadErrors.NpyWidth(output.Name, (long)bytes, MaxStringBytes) : null;
    }

    /// <summary>Writes the header, and the elements where they vary in length.</summary>
    /// <returns>How many bytes of the tensor's own memory are still to follow.</returns>
    public static long Write(IBufferWriter<byte> output, in TensorView tensor)
    {
        var isBytes = tensor.DataType == TensorDataType.Bytes;
        var width = isBytes ? LongestOf(tensor.Span) : 0;
        WriteHeader(output, NpyType.Describe(tensor.DataType, width), tensor.Shape);
        if (!isBytes)
        {
            return tensor.Length;
        }

        ReadOnlySpan<byte> rest = tensor.Span;
        while (BytesTensor.TryReadNext(ref rest, out var element))
        {
            var item = output.GetSpan(width)[..width];
            element.CopyTo(item);
            item[element.Length..].Clear();
            output.Advance(width);
        }

        return 0;
    }

    private static bool Mentions(in StringValues accept)
    {
        foreach (var line in accept)
        {
            if (line?.Contains("npy", StringComparison.OrdinalIgnoreCase) == true)
            {
                return true;
            }
        }

        return false;
    }

    private static int LongestOf(ReadOnlySpan<byte> data)
    {
        // NumPy has no strings of length 0: it, too, writes those of one byte.
        var longest = 1;
        while (BytesTensor.TryReadNext(ref data, out var element))
        {
            longest = Math.Max(longest, element.Length);
        }

        return longest;
    }

    private static void WriteHeader(IBufferWriter<byte> output, string descr, in TensorShape shape)
    {
        var literal = new StringBuilder("{'descr': '").Append(descr).Append("', 'fortran_order': False, 'shape': (");
        for (var i = 0; i < shape.Rank; i++)
        {
            literal.Append(i == 0 ? "" : ", ").Append(shape[i].ToString(CultureInfo.InvariantCulture));
        }

        literal.Append(shape.Rank == 1 ? ",), }" : "), }");

        // The data begins at a multiple of 64 bytes, and a line break comes before it.
        const int Before = 10;
        literal.Append(' ', Alignment - 1 - ((Before + literal.Length) % Alignment)).Append('\n');
        output.Write<byte>([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]);
        Span<byte> length = stackalloc byte[sizeof(ushort)];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)literal.Length);
        output.Write(length);
        output.Write(Encoding.ASCII.GetBytes(literal.ToString()));
    }
}
