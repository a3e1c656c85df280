using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace InferenceServer.Bench.Models;

/// <summary>Makes the inputs of a model: always the same values for the same model and row count, so that two runs send the same bytes.</summary>
internal static class TensorGenerator
{
    private const long MaxElements = 64 * 1024 * 1024;

    /// <param name="model">The model whose inputs are wanted.</param>
    /// <param name="rows">The size of a leading free dimension; every other free dimension becomes 1.</param>
    public static IReadOnlyList<Tensor> Inputs(ModelMetadata model, int rows)
    {
        if (model.Inputs.Count == 0)
        {
            throw new BenchException($"model '{model.Name}' has no inputs");
        }

        var tensors = new List<Tensor>();
        for (var i = 0; i < model.Inputs.Count; i++)
        {
            tensors.Add(Generate(model.Name, model.Inputs[i], rows, seed: (uint)i + 1));
        }

        return tensors;
    }

    private static Tensor Generate(string model, TensorMetadata metadata, int rows, uint seed)
    {
        var shape = metadata.Shape.ToArray();
        if (rows > 1 && (shape.Length == 0 || shape[0] != -1))
        {
            throw new BenchException(
                $"--rows {rows}: input '{metadata.Name}' of model '{model}' has the fixed shape [{string.Join(',', shape)}]; only a leading -1 can be set");
        }

        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = shape[i] >= 0 ? shape[i] : i == 0 ? rows : 1;
        }

        var count = DataTypes.Count(shape);
        if (count > MaxElements)
        {
            throw new BenchException($"input '{metadata.Name}' would have {count} elements, more than the {MaxElements} this tool sends");
        }

        return new Tensor(metadata.Name, metadata.DataType, shape, Fill(metadata.DataType, (int)count, seed));
    }

    private static byte[] Fill(string dataType, int count, uint state)
    {
        var size = DataTypes.SizeOf(dataType);
        var stream = new MemoryStream(count * Math.Max(size, 6));
        Span<byte> element = stackalloc byte[8];
        for (var i = 0; i < count; i++)
        {
            // A multiplicative generator of its own keeps the bytes the same on every runtime version.
            state = unchecked((state * 1664525) + 1013904223);

            // Small values: a sum of two fits every integer type, halves are exact in every float, and the JSON stays short.
            var value = (int)((state >> 16) % 50);
            if (size == 0)
            {
                var text = Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
                BinaryPrimitives.WriteInt32LittleEndian(element, text.Length);
                stream.Write(element[..4]);
                stream.Write(text);
            }
            else
            {
                Write(dataType, value, element);
                stream.Write(element[..size]);
            }
        }

        return stream.ToArray();
    }

    private static void Write(string dataType, int value, Span<byte> element)
    {
        switch (dataType)
        {
            case "BOOL":
                element[0] = (byte)(value & 1);
                break;
            case "FP16":
                BinaryPrimitives.WriteHalfLittleEndian(element, (Half)(value * 0.5f));
                break;
            case "BF16":
                BinaryPrimitives.WriteUInt16LittleEndian(element, (ushort)(BitConverter.SingleToUInt32Bits(value * 0.5f) >> 16));
                break;
            case "FP32":
                BinaryPrimitives.WriteSingleLittleEndian(element, value * 0.5f);
                break;
            case "FP64":
                BinaryPrimitives.WriteDoubleLittleEndian(element, value * 0.5);
                break;
            default:
                // Little-endian and never negative: the low bytes are the value at every integer width.
                BinaryPrimitives.WriteInt64LittleEndian(element, value);
                break;
        }
    }
}
