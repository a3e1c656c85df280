using System.Globalization;
using System.Text;
using CsCheck;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>The text of binary32 values, against the base library's with a fraction.</summary>
public sealed class ShortestSingleTests
{
    [Fact]
    public void Any_Value_IsWrittenAsByTheBaseLibrary() => Gen.UInt.Sample(static bits => Check(bits), iter: 500_000);

    /// <summary>Where the distance to the neighbours changes, and around what is written with an exponent.</summary>
    [Fact]
    public void Edges_AreWrittenAsByTheBaseLibrary()
    {
        for (var exponent = 0u; exponent < 255; exponent++)
        {
            for (var near = -3; near <= 3; near++)
            {
                Check((uint)((exponent << 23) + near));
            }
        }

        for (var power = -45; power <= 38; power++)
        {
            var bits = BitConverter.SingleToUInt32Bits(float.Parse($"1E{power}", CultureInfo.InvariantCulture));
            for (var near = -3; near <= 3; near++)
            {
                Check((uint)(bits + near));
            }
        }
    }

    [Fact]
    public void Decimals_AreWrittenAsByTheBaseLibrary() =>
        Gen.Select(Gen.Int[0, 9_999_999], Gen.Int[-12, 12]).Sample(static (digits, power) => Check(BitConverter.SingleToUInt32Bits((float)(digits * Math.Pow(10, power)))), iter: 200_000);

    /// <summary>All there are, which takes minutes: for changes of the method.</summary>
    [Fact]
    public void All_AreWrittenAsByTheBaseLibrary()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("INFERENCE_SERVER_STRESS") == "1", "takes long: INFERENCE_SERVER_STRESS=1 runs it");
        Parallel.For(0, 1 << 16, static high =>
        {
            for (var low = 0u; low < 1 << 16; low++)
            {
                Check(((uint)high << 16) | low);
            }
        });
    }

    private static void Check(uint bits)
    {
        var value = BitConverter.UInt32BitsToSingle(bits);
        if (!float.IsFinite(value) || value == 0)
        {
            return;
        }

        Span<byte> own = stackalloc byte[ShortestSingle.Room];
        Span<byte> expected = stackalloc byte[32];
        var written = ShortestSingle.Format(value, own);
        Assert.True(value.TryFormat(expected, out var length, default, CultureInfo.InvariantCulture));
        if (expected[..length].IndexOfAny((byte)'.', (byte)'E') < 0)
        {
            ".0"u8.CopyTo(expected[length..]);
            length += 2;
        }

        if (!own[..written].SequenceEqual(expected[..length]))
        {
            Assert.Fail($"{bits:X8}: {Encoding.UTF8.GetString(own[..written])}, expected {Encoding.UTF8.GetString(expected[..length])}");
        }
    }
}
