using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public class TensorTextTests
{
    [Theory]
    [InlineData(TensorDataType.Fp32, "[0.1,-0.0,1E-45,3.4028235E+38,1.5,11.0,16777216.0,NaN,Infinity,-Infinity]")]
    [InlineData(TensorDataType.Fp64, "[0.1,1E+308,5E-324,-1.25,3.0]")]
    [InlineData(TensorDataType.Fp16, "[0.099975586,65504.0,5.9604645E-08,2050.0,NaN,-Infinity]")]
    [InlineData(TensorDataType.Bf16, "[1.0,-2.0,3.3895314E+38,NaN,Infinity]")]
    [InlineData(TensorDataType.Bool, "[true,false]")]
    [InlineData(TensorDataType.UInt8, "[0,255]")]
    [InlineData(TensorDataType.Int8, "[-128,127]")]
    [InlineData(TensorDataType.Int64, "[-9223372036854775808,9223372036854775807]")]
    [InlineData(TensorDataType.UInt64, "[0,18446744073709551615]")]
    [InlineData(TensorDataType.Bytes, "[\"\",\"naïve 🙂\",\"a\\\"b\\\\c/d\\n\\t\\r\\b\\f\\u0000\\u001F\"]")]
    [InlineData(TensorDataType.Int32, "[]")]
    public void Text_ReadAndWritten_IsTheSame(TensorDataType type, string text) => Assert.Equal(text, Write(type, Read(type, text, Count(text))));

    [Fact]
    public void Any_Elements_ComeBackBitByBit() =>
        Gen.Select(Gen.Int[0, TensorDataTypes.All.Length - 1], Gen.Byte.Array[0, 64]).Sample(
            static (place, bytes) =>
            {
                var type = TensorDataTypes.All[place];
                if (type == TensorDataType.Bytes)
                {
                    return;
                }

                var size = type.ElementSize();
                bytes = bytes[..(bytes.Length / size * size)];
                for (var i = 0; i < bytes.Length; i += size)
                {
                    Tame(type, bytes.AsSpan(i, size));
                }

                Assert.Equal(bytes, Read(type, Write(type, bytes), bytes.Length / size));
            },
            iter: 20000);

    [Fact]
    public void Any_Strings_ComeBack() => Gen.String.Array[0, 8].Sample(static texts =>
    {
        var data = new List<byte>();
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            data.AddRange(BitConverter.GetBytes(bytes.Length));
            data.AddRange(bytes);
        }

        Assert.Equal(data.ToArray(), Read(TensorDataType.Bytes, Write(TensorDataType.Bytes, [.. data]), texts.Length));
    });

    [Fact]
    public void Any_Float_ReadsAsTheBaseLibraryDoes() => Gen.Double[-1e38, 1e38].Sample(static value =>
    {
        var text = value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(float.Parse(text, System.Globalization.CultureInfo.InvariantCulture), MemoryMarshal.Read<float>(Read(TensorDataType.Fp32, $"[{text}]", 1)));
    });

    [Fact]
    public void Any_ShortDecimal_ReadsAsTheBaseLibraryDoes() =>
        Gen.Select(Gen.OneOf(Gen.Long[-(1L << 54), 1L << 54], Gen.Long[-99999, 99999]), Gen.Int[0, 18]).Sample(
            static (digits, fraction) =>
            {
                var text = Math.Abs(digits).ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(fraction + 1, '0');
                text = (digits < 0 ? "-" : "") + (fraction == 0 ? text : text[..^fraction] + "." + text[^fraction..]);
                var culture = System.Globalization.CultureInfo.InvariantCulture;
                Assert.Equal(double.Parse(text, culture), MemoryMarshal.Read<double>(Read(TensorDataType.Fp64, $"[{text}]", 1)));
                Assert.Equal(float.Parse(text, culture), MemoryMarshal.Read<float>(Read(TensorDataType.Fp32, $"[{text}]", 1)));
            },
            iter: 50000);

    /// <summary>As many digits as others write, with exponents and without: what cannot be told from a value half way goes the long way.</summary>
    [Fact]
    public void Any_Decimal_ReadsAsTheBaseLibraryDoes() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 19], Gen.Int[0, 24], Gen.Int[-45, 30], Gen.Bool).Sample(
            static (seed, digits, fraction, exponent, isNegative) =>
            {
                var culture = System.Globalization.CultureInfo.InvariantCulture;
                var text = seed.ToString(culture)[..Math.Min(digits + 1, seed.ToString(culture).Length)].TrimStart('0').PadLeft(1, '0').PadLeft(fraction + 1, '0');
                text = fraction == 0 ? text : text[..^fraction] + "." + text[^fraction..];
                text = (isNegative ? "-" : "") + text + (exponent < 0 ? FormattableString.Invariant($"e{exponent}") : exponent < 20 ? "" : FormattableString.Invariant($"E+{exponent - 20}"));
                Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(text, culture)), MemoryMarshal.Read<long>(Read(TensorDataType.Fp64, $"[{text}]", 1)));
                Assert.Equal(BitConverter.SingleToInt32Bits(float.Parse(text, culture)), MemoryMarshal.Read<int>(Read(TensorDataType.Fp32, $"[{text}]", 1)));
                if (Half.IsFinite(Half.Parse(text, culture)))
                {
                    Assert.Equal(BitConverter.HalfToInt16Bits(Half.Parse(text, culture)), MemoryMarshal.Read<short>(Read(TensorDataType.Fp16, $"[{text}]", 1)));
                }

                Assert.Equal(BrainFloatReader.Round(double.Parse(text, culture)), MemoryMarshal.Read<ushort>(Read(TensorDataType.Bf16, $"[{text}]", 1)));
            },
            iter: 200_000);

    /// <summary>Decimals next to the middle between two values of FP32, on either side of it and on it.</summary>
    [Fact]
    public void Any_DecimalHalfWay_ReadsAsTheBaseLibraryDoes() =>
        Gen.Select(Gen.Float[1e-4f, 1e6f], Gen.Int[-40, 40], Gen.Int[12, 18]).Sample(
            static (below, units, digits) =>
            {
                var culture = System.Globalization.CultureInfo.InvariantCulture;
                var middle = ((double)below + MathF.BitIncrement(below)) / 2;
                var text = BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(middle) + units).ToString($"E{digits}", culture);
                Assert.Equal(BitConverter.SingleToInt32Bits(float.Parse(text, culture)), MemoryMarshal.Read<int>(Read(TensorDataType.Fp32, $"[{text}]", 1)));
            },
            iter: 200_000);

    [Fact]
    public void Any_Integers_ReadAsTheyAre() => Gen.Select(Gen.Long, Gen.Int[0, 63]).Array[1, 20].Sample(static pairs =>
    {
        var values = pairs.Select(static pair => pair.Item1 >> pair.Item2).ToArray();
        foreach (var separator in (string[])[",", ", ", " ,", ",\n "])
        {
            var text = $"[{string.Join(separator, values)}]";
            Assert.Equal(values, MemoryMarshal.Cast<byte, long>(Read(TensorDataType.Int64, text, values.Length)));
            Assert.Equal(values.Select(static value => (ulong)Math.Abs(value + 1)), MemoryMarshal.Cast<byte, ulong>(Read(TensorDataType.UInt64, $"[{string.Join(separator, values.Select(static value => Math.Abs(value + 1)))}]", values.Length)).ToArray());
        }
    });

    [Theory]
    [InlineData("16777217", 16777216f)]
    [InlineData("16777219", 16777220f)]
    [InlineData("-16777217", -16777216f)]
    [InlineData("1.00000005960464", 1f)]
    [InlineData("-0.0", -0f)]
    [InlineData("-0", -0f)]
    [InlineData("18446744073709551617", 18446744073709551617f)]
    [InlineData("99999999999999999999", 99999999999999999999f)]
    public void Float_HalfWay_GoesToEven(string text, float expected) =>
        Assert.Equal(BitConverter.SingleToInt32Bits(expected), MemoryMarshal.Read<int>(Read(TensorDataType.Fp32, $"[{text}]", 1)));

    [Fact]
    public void Any_BrainFloat_IsTheNearestOne() => Gen.Double[-1e6, 1e6].Sample(static value =>
    {
        var rounded = BrainFloatReader.Round(value);
        var error = Math.Abs(Widen(rounded) - value);
        Assert.False(error > Math.Abs(Widen((ushort)(rounded + 1)) - value));

        // Below zero there is no neighbour but what is no number.
        Assert.False(error > Math.Abs(Widen((ushort)(rounded - 1)) - value));
    });

    [Theory]
    [InlineData(1.00390625, 0x3F80)] // Half way between two: the even one.
    [InlineData(1.01171875, 0x3F82)]
    [InlineData(1.0039062500001, 0x3F81)] // A little more than half way, which binary32 alone would not show.
    [InlineData(-1.0039062500001, 0xBF81)]
    [InlineData(1.0117187499999, 0x3F81)]
    [InlineData(0.0, 0)]
    [InlineData(-0.0, 0x8000)]
    [InlineData(1e-60, 0)]
    public void BrainFloat_HalfWay_GoesToEven(double value, int expected) => Assert.Equal(expected, BrainFloatReader.Round(value));

    [Fact]
    public void Write_BytesThatAreNoText_AreReplaced() =>
        Assert.Equal("[\"a\uFFFDb\uFFFD\"]", Write(TensorDataType.Bytes, [5, 0, 0, 0, (byte)'a', 0xFF, (byte)'b', 0xE2, 0x82]));

    /// <summary>Every number of two bytes is written as the one of four that has its value, wherever it stands in a tensor.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(65536)]
    public void Write_NumbersOfTwoBytes_AsThoseOfFour(int length)
    {
        for (var start = 0; start < 65536; start += length)
        {
            var bits = Enumerable.Range(start, Math.Min(length, 65536 - start)).Select(static value => (ushort)value).ToArray();
            var bytes = MemoryMarshal.AsBytes<ushort>(bits);

            Assert.Equal(Write(TensorDataType.Fp32, MemoryMarshal.AsBytes<float>(bits.Select(static one => (float)BitConverter.UInt16BitsToHalf(one)).ToArray()).ToArray()), Write(TensorDataType.Fp16, bytes.ToArray()));
            Assert.Equal(Write(TensorDataType.Fp32, MemoryMarshal.AsBytes<float>(bits.Select(static one => (float)Widen(one)).ToArray()).ToArray()), Write(TensorDataType.Bf16, bytes.ToArray()));
        }
    }

    private static double Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Leaves out what JSON cannot tell apart: the many forms of NaN, and bytes that are no BOOL.</summary>
    private static void Tame(TensorDataType type, Span<byte> element)
    {
        switch (type)
        {
            case TensorDataType.Bool:
                element[0] &= 1;
                break;
            case TensorDataType.Fp16 when Half.IsNaN(MemoryMarshal.Read<Half>(element)):
            case TensorDataType.Fp32 when float.IsNaN(MemoryMarshal.Read<float>(element)):
            case TensorDataType.Fp64 when double.IsNaN(MemoryMarshal.Read<double>(element)):
            case TensorDataType.Bf16 when double.IsNaN(Widen(MemoryMarshal.Read<ushort>(element))):
                element.Clear();
                break;
        }
    }

    private static int Count(string text)
    {
        using var document = System.Text.Json.JsonDocument.Parse(text.Replace("NaN", "0", StringComparison.Ordinal).Replace("Infinity", "0", StringComparison.Ordinal));
        return document.RootElement.GetArrayLength();
    }

    private static byte[] Read(TensorDataType type, string text, int elements)
    {
        var allocator = new CountingAllocator();
        var json = new JsonCursor(Encoding.UTF8.GetBytes(text));
        var error = new TensorDataReader(allocator, 1 << 20).Read(ref json, new InputHead("IN", type, new TensorShape(elements)), out var buffer);
        Assert.Null(error);
        Assert.True(json.TryEnd());
        using (buffer)
        {
            return buffer!.Span.ToArray();
        }
    }

    private static string Write(TensorDataType type, byte[] data)
    {
        using var buffer = new CountingAllocator().Rent(data.Length);
        data.CopyTo(buffer.Span);
        using var text = new PooledText();
        TensorDataWriter.Write(text, new TensorView("OUT", type, new TensorShape(0), buffer));
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
