using CsCheck;
using Google.Protobuf.Reflection;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Tests.Configuration;

/// <summary>Any message of the configuration: every field, oneof, map and list of the descriptor, with edge values.</summary>
internal static class MessageGen
{
    private static readonly string[] s_texts = ["", "a", "model.onnx", "\"'\\", "line\nbreak\t\r\0\u0001\u007f", "é😀", "\\x41", "{ # }"];
    // No negative zero: the generated code drops it as a default and yet tells it from 0.
    private static readonly double[] s_numbers = [0, 1.5, -2e-30, 1e38, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.1];
    private static readonly ulong[] s_integers = [0, 1, 2, 7, 8, 127, 128, int.MaxValue, 1UL << 31, uint.MaxValue, long.MaxValue, 1UL << 63, ulong.MaxValue];

    public static Gen<global::Inference.ModelConfig> Message { get; } = Gen.ULong.Select(static seed =>
    {
        var random = new Random((int)(seed ^ (seed >> 32)));
        var bytes = MessageEncoder.Encode(Build(random, global::Inference.ModelConfig.Descriptor, 0.4));
        return global::Inference.ModelConfig.Parser.ParseFrom(bytes);
    });

    private static MessageNode Build(Random random, MessageDescriptor descriptor, double likelihood)
    {
        var message = new MessageNode(descriptor);
        foreach (var field in descriptor.Fields.InDeclarationOrder())
        {
            if (random.NextDouble() > likelihood || message.FindRival(field) is not null)
            {
                continue;
            }

            var node = message.GetOrAdd(field, default);
            var count = field.IsRepeated ? random.Next(1, 4) : 1;
            for (var i = 0; i < count; i++)
            {
                var value = field.FieldType == FieldType.Message
                    ? new ValueNode { Message = Build(random, field.MessageType, likelihood) }
                    : Scalar(random, field);
                if (!field.IsMap || node.Values.TrueForAll(other => other.Message!.MapKey() != value.Message!.MapKey()))
                {
                    node.Values.Add(value);
                }
            }
        }

        return message;
    }

    private static ValueNode Scalar(Random random, FieldDescriptor field)
    {
        switch (field.FieldType)
        {
            case FieldType.String:
                return new ValueNode { Text = s_texts[random.Next(s_texts.Length)] };
            case FieldType.Bool:
                return new ValueNode { Bits = (ulong)random.Next(2) };
            case FieldType.Enum:
                return new ValueNode { Bits = (ulong)field.EnumType.Values[random.Next(field.EnumType.Values.Count)].Number };
            case FieldType.Float or FieldType.Double:
                var number = s_numbers[random.Next(s_numbers.Length)];
                return new ValueNode { Bits = BitConverter.DoubleToUInt64Bits(field.FieldType == FieldType.Float ? (float)number : number) };
            default:
                var bits = s_integers[random.Next(s_integers.Length)];
                return new ValueNode
                {
                    Bits = field.FieldType switch
                    {
                        FieldType.Int32 => unchecked((ulong)(int)bits),
                        FieldType.UInt32 => unchecked((uint)bits),
                        _ => bits,
                    },
                };
        }
    }
}
