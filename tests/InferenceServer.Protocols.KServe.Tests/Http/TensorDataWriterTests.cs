using System.Buffers;
using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Memory;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Whole numbers take a way of their own: what is written is what the library writes, with a fraction.</summary>
public sealed class TensorDataWriterTests
{
    private const int Random = 200_000;

    private static readonly double[] s_edges =
    [
        0, -0.0, 1, -1, 0.5, 9, 10, 99, 100, 9_999_998, 9_999_999, 10_000_000, 10_000_001, -9_999_999, -10_000_000, 16_777_215, 16_777_216, 999_999_999_999_998, 999_999_999_999_999, 1e15, 1e15 + 1, -999_999_999_999_999, -1e15,
        9_007_199_254_740_992, 9.2233720368547758e18, -9.2233720368547758e18, 1.8446744073709552e19, double.MaxValue, double.MinValue, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 123.25, 1e-5, 1e7 - 0.5,
    ];

    [Fact]
    public void Fp32_IsWrittenAsTheLibraryWritesIt_WithAFraction()
    {
        var values = s_edges.Select(static value => (float)value).Concat(Bits().Select(static bits => BitConverter.UInt32BitsToSingle((uint)bits))).Concat(Wholes().Select(static whole => (float)whole)).ToArray();

        Assert.Equal(values.Select(static value => Expected(value.ToString(CultureInfo.InvariantCulture), float.IsFinite(value))), Write(TensorDataType.Fp32, values));
    }

    [Fact]
    public void Fp64_IsWrittenAsTheLibraryWritesIt_WithAFraction()
    {
        var values = s_edges.Concat(Bits().Select(static bits => BitConverter.Int64BitsToDouble(bits))).Concat(Wholes().Select(static whole => (double)whole)).ToArray();

        Assert.Equal(values.Select(static value => Expected(value.ToString(CultureInfo.InvariantCulture), double.IsFinite(value))), Write(TensorDataType.Fp64, values));
    }

    private static string Expected(string text, bool isFinite) => isFinite && text.IndexOfAny(['.', 'E']) < 0 ? text + ".0" : text;

    private static string[] Write<T>(TensorDataType type, T[] values)
        where T : unmanaged
    {
        using var pool = new TensorPool(new TensorPoolOptions());
        using var tensor = TestTensor.Of<T>(pool, "X", type, new(values.Length), values);
        var output = new ArrayBufferWriter<byte>();
        TensorDataWriter.WriteElements(output, tensor);
        return Encoding.ASCII.GetString(output.WrittenSpan).Split(',');
    }

    private static IEnumerable<long> Bits()
    {
        var random = new Random(17);
        return Enumerable.Range(0, Random).Select(_ => random.NextInt64(long.MinValue, long.MaxValue));
    }

    private static IEnumerable<long> Wholes()
    {
        var random = new Random(18);
        return Enumerable.Range(0, Random).Select(_ => random.NextInt64(-(1L << random.Next(1, 62)), 1L << random.Next(1, 62)));
    }
}
