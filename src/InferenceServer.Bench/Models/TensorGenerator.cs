using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using InferenceServer.Bench.Inputs;

namespace InferenceServer.Bench.Models;

/// <summary>Makes the inputs of a model: always the same values for the same model and row count, so that two runs send the same bytes.</summary>
internal static class TensorGenerator
{
    private const long MaxElements = 64 * 1024 * 1024;
    private const int SeedStep = 1_000_003;
    private const int RequestStep = 7919;

    /// <param name="model">The model whose inputs are wanted.</param>
    /// <param name="rows">The size of a leading free dimension; every other free dimension becomes 1.</param>
    public static IReadOnlyList<Tensor> Inputs(ModelMetadata model, int rows) => Inputs(model, new InputOptions { Rows = rows }, 0);

    /// <param name="model">The model whose inputs are wanted.</param>
    /// <param name="options">Their shapes and values.</param>
    /// <param name="request">Which of several different requests this is, from 0.</param>
    public static IReadOnlyList<Tensor> Inputs(ModelMetadata model, InputOptions options, int request)
    {
        if (model.Inputs.Count == 0)
        {
            throw new BenchException($"model '{model.Name}' has no inputs");
        }

        var tensors = new List<Tensor>();
        for (var i = 0; i < model.Inputs.Count; i++)
        {
            tensors.Add(Generate(model, model.Inputs[i], options, seed: unchecked((uint)((options.Seed * SeedStep) + (request * RequestStep) + i + 1))));
        }

        return tensors;
    }

    private static Tensor Generate(ModelMetadata model, TensorMetadata metadata, InputOptions options, uint seed)
    {
        var shape = InputShape.Of(model, metadata, options);
        var count = DataTypes.Count(shape);
        if (count > MaxElements)
        {
            throw new BenchException($"input '{metadata.Name}' would have {count} elements, more than the {MaxElements} this tool sends");
        }

        return new Tensor(metadata.Name, metadata.DataType, shape, Fill(metadata.DataType, (int)count, seed, options.StringLength));
    }

    private static byte[] Fill(string dataType, int count, uint state, int stringLength)
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
                var text = Text(value, stringLength);
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

    /// <summary>A number, as many models that take texts read it; with a length, letters that depend on the number.</summary>
    private static byte[] Text(int value, int length)
    {
        if (length == 0)
        {
            return Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
        }

        var text = new byte[length];
        for (var i = 0; i < length; i++)
        {
            text[i] = (byte)('a' + ((value + (i * (i + 7))) % 26));
        }

        return text;
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
