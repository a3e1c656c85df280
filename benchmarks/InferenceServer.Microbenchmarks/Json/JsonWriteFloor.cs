using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Json;

/// <summary>The same elements by the writer of the base library.</summary>
internal sealed class JsonWriteFloor(TensorCase tensor) : IStage
{
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly byte[] _bytes = tensor.Bytes;

    public void Run()
    {
        _text.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_text);
        writer.WriteStartArray();
        Write(writer);
        writer.WriteEndArray();
    }

    private void Write(Utf8JsonWriter writer)
    {
        switch (tensor.Type)
        {
            case TensorDataType.Bytes:
                ReadOnlySpan<byte> rest = _bytes;
                while (BytesTensor.TryReadNext(ref rest, out var element))
                {
                    writer.WriteStringValue(element);
                }

                break;
            case TensorDataType.Bool:
                Array.ForEach(_bytes, value => writer.WriteBooleanValue(value != 0));
                break;
            case TensorDataType.Fp64:
                WriteAll<double>(writer, static (writer, value) => writer.WriteNumberValue(value));
                break;
            case TensorDataType.Fp32:
                WriteAll<float>(writer, static (writer, value) => writer.WriteNumberValue(value));
                break;
            case TensorDataType.Fp16:
                WriteAll<Half>(writer, static (writer, value) => writer.WriteNumberValue((float)value));
                break;
            case TensorDataType.Bf16:
                WriteAll<ushort>(writer, static (writer, value) => writer.WriteNumberValue(BitConverter.UInt32BitsToSingle((uint)value << 16)));
                break;
            default:
                // Whole numbers below 100: the first byte of each.
                for (var i = 0; i < _bytes.Length; i += tensor.Type.ElementSize())
                {
                    writer.WriteNumberValue((int)_bytes[i]);
                }

                break;
        }
    }

    private void WriteAll<T>(Utf8JsonWriter writer, Action<Utf8JsonWriter, T> write)
        where T : unmanaged
    {
        foreach (var value in MemoryMarshal.Cast<byte, T>(_bytes))
        {
            write(writer, value);
        }
    }
}
