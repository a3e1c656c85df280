using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// Writes a <c>ModelInferResponse</c> (KServe v2 over gRPC, the fields by their numbers) whose outputs are raw contents or in shared memory: straight from the tensors' memory into the transport's, with the five bytes of gRPC in front.
/// </summary>
internal static class PlainAnswer
{
    /// <summary>How much is copied between two flushes, so that a slow client does not make the server hold a second copy of a large output.</summary>
    private const int Step = 128 << 10;

    private const int FrameHead = 5;

    // Of the answer: model_name, model_version, id, parameters, outputs, raw_output_contents; of a parameter, as of any entry of a map: key, value; of an output: name, datatype, shape.
    // All of them are bytes with a length.
    private const byte ModelName = (1 << 3) | WireReader.Bytes;
    private const byte ModelVersion = (2 << 3) | WireReader.Bytes;
    private const byte Id = (3 << 3) | WireReader.Bytes;
    private const byte Parameters = (4 << 3) | WireReader.Bytes;
    private const byte Outputs = (5 << 3) | WireReader.Bytes;
    private const byte RawOutputContents = (6 << 3) | WireReader.Bytes;
    private const byte Key = (1 << 3) | WireReader.Bytes;
    private const byte Value = (2 << 3) | WireReader.Bytes;
    private const byte TensorName = (1 << 3) | WireReader.Bytes;
    private const byte TensorType = (2 << 3) | WireReader.Bytes;
    private const byte TensorShapeField = (3 << 3) | WireReader.Bytes;

    /// <summary>How many bytes the message takes.</summary>
    /// <param name="response">The response.</param>
    /// <param name="shared">The outputs that are in shared memory, whose entries are empty; null for none.</param>
    public static long Measure(InferenceResponse response, SharedOutputs? shared)
    {
        var size = MeasureText(response.ModelName) + MeasureText(response.ModelVersion) + MeasureText(response.Id);
        foreach (var (name, value) in response.Parameters)
        {
            size += MeasureField(MeasureParameter(name, InferResponseWriter.Describe(value)));
        }

        foreach (ref readonly var output in response.Outputs)
        {
            size += MeasureField(MeasureOutput(output)) + MeasureField(InferResponseWriter.CarriedLength(output, shared));
        }

        return size;
    }

    /// <summary>Writes the message.</summary>
    /// <param name="pipe">Where to. What comes last is not flushed: it leaves together with the status.</param>
    /// <param name="response">The response, which stays the caller's.</param>
    /// <param name="shared">As there.</param>
    /// <param name="size">What <see cref="Measure"/> says.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    public static ValueTask WriteAsync(PipeWriter pipe, InferenceResponse response, SharedOutputs? shared, long size, CancellationToken cancellationToken)
    {
        var contents = 0L;
        foreach (ref readonly var output in response.Outputs)
        {
            contents += InferResponseWriter.CarriedLength(output, shared);
        }

        // All that is not elements; the varints in front of these are a few bytes each.
        var head = (int)(size - contents);
        var room = pipe.GetSpan(FrameHead + head);
        room[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(room[1..], (uint)size);
        var used = FrameHead;
        used += WriteText(room[used..], ModelName, response.ModelName);
        used += WriteText(room[used..], ModelVersion, response.ModelVersion);
        used += WriteText(room[used..], Id, response.Id);
        foreach (var (name, value) in response.Parameters)
        {
            used += WriteParameter(room[used..], name, InferResponseWriter.Describe(value));
        }

        foreach (ref readonly var output in response.Outputs)
        {
            used += WriteOutput(room[used..], output);
        }

        pipe.Advance(used);
        if (contents <= Step)
        {
            WriteContents(pipe, response.Outputs, shared);
            return ValueTask.CompletedTask;
        }

        return WriteLargeAsync(pipe, response, shared, cancellationToken);
    }

    private static void WriteContents(PipeWriter pipe, ReadOnlySpan<TensorView> outputs, SharedOutputs? shared)
    {
        foreach (ref readonly var output in outputs)
        {
            var length = InferResponseWriter.CarriedLength(output, shared);
            WriteContentsHead(pipe, length);
            if (length > 0)
            {
                pipe.Write(output.Span);
            }
        }
    }

    private static async ValueTask WriteLargeAsync(PipeWriter pipe, InferenceResponse response, SharedOutputs? shared, CancellationToken cancellationToken)
    {
        var (output, offset) = (0, 0L);
        while (WriteStep(pipe, response.Outputs, shared, ref output, ref offset))
        {
            if ((await pipe.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted)
            {
                // Nobody reads any more.
                return;
            }
        }
    }

    /// <summary>Writes on from an output's element bytes.</summary>
    /// <returns>False when all has been written; else what has been written is to be flushed.</returns>
    private static bool WriteStep(PipeWriter pipe, ReadOnlySpan<TensorView> outputs, SharedOutputs? shared, ref int output, ref long offset)
    {
        for (var room = Step; output < outputs.Length; output++, offset = 0)
        {
            if (room == 0)
            {
                return true;
            }

            var carried = InferResponseWriter.CarriedLength(outputs[output], shared);
            if (offset == 0)
            {
                WriteContentsHead(pipe, carried);
            }

            while (offset < carried)
            {
                if (room == 0)
                {
                    return true;
                }

                var length = (int)Math.Min(room, carried - offset);
                pipe.Write(outputs[output].Buffer.Slice(outputs[output].Offset + offset, length));
                offset += length;
                room -= length;
            }
        }

        return false;
    }

    private static void WriteContentsHead(PipeWriter pipe, long length)
    {
        var room = pipe.GetSpan(1 + Varint.MaxBytes);
        room[0] = RawOutputContents;
        pipe.Advance(1 + Varint.Write(room[1..], (ulong)length));
    }

    private static int WriteParameter(Span<byte> room, string name, InferParameter value)
    {
        var length = value.CalculateSize();
        room[0] = Parameters;
        var used = 1 + Varint.Write(room[1..], (ulong)MeasureParameter(name, value));
        used += WriteText(room[used..], Key, name);
        room[used++] = Value;
        used += Varint.Write(room[used..], (ulong)length);
        value.WriteTo(room.Slice(used, length));
        return used + length;
    }

    private static int WriteOutput(Span<byte> room, in TensorView output)
    {
        room[0] = Outputs;
        var used = 1 + Varint.Write(room[1..], (ulong)MeasureOutput(output));
        used += WriteText(room[used..], TensorName, output.Name);
        used += WriteText(room[used..], TensorType, output.DataType.ProtocolName());
        if (output.Shape.Rank > 0)
        {
            room[used++] = TensorShapeField;
            used += Varint.Write(room[used..], (ulong)MeasureShape(output.Shape));
            foreach (var dimension in output.Shape.AsSpan())
            {
                used += Varint.Write(room[used..], (ulong)dimension);
            }
        }

        return used;
    }

    private static int WriteText(Span<byte> room, byte tag, string text)
    {
        if (text.Length == 0)
        {
            return 0;
        }

        room[0] = tag;
        var length = Encoding.UTF8.GetByteCount(text);
        var used = 1 + Varint.Write(room[1..], (ulong)length);
        return used + Encoding.UTF8.GetBytes(text, room[used..]);
    }

    private static int WriteText(Span<byte> room, byte tag, long number)
    {
        number.TryFormat(room[2..], out var length, default, CultureInfo.InvariantCulture);
        room[0] = tag;
        room[1] = (byte)length;
        return 2 + length;
    }

    private static long MeasureParameter(string name, InferParameter value) => MeasureText(name) + MeasureField(value.CalculateSize());

    private static long MeasureOutput(in TensorView output) =>
        MeasureText(output.Name) + MeasureText(output.DataType.ProtocolName()) + (output.Shape.Rank > 0 ? MeasureField(MeasureShape(output.Shape)) : 0);

    private static long MeasureShape(in TensorShape shape)
    {
        var size = 0L;
        foreach (var dimension in shape.AsSpan())
        {
            size += Varint.Measure((ulong)dimension);
        }

        return size;
    }

    private static long MeasureText(string text) => text.Length == 0 ? 0 : MeasureField(Encoding.UTF8.GetByteCount(text));

    private static long MeasureText(long number)
    {
        Span<byte> room = stackalloc byte[20];
        number.TryFormat(room, out var length, default, CultureInfo.InvariantCulture);
        return MeasureField(length);
    }

    /// <summary>Its tag, its length, its bytes.</summary>
    private static long MeasureField(long length) => 1 + Varint.Measure((ulong)length) + length;
}
