using System.Globalization;
using System.Text;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>The text of binary64 values, against the base library.</summary>
public sealed class ShortestDoubleTests
{
    // Powers of two, 2^-25 and 2^-958, that the base library of .NET 10 writes a digit too short: what it writes reads back as the value below.
    private const double TooShort = 2.9802322387695312E-08;
    private const double TooShortToo = 4.1045368012983762E-289;

    private const int Near = 3;

    /// <summary>So many values at once on a processor.</summary>
    private const int Piece = 1 << 16;

    [Theory]
    [InlineData(double.Epsilon, "5E-324")]
    [InlineData(2.2250738585072009E-308, "2.225073858507201E-308")]
    [InlineData(2.2250738585072014E-308, "2.2250738585072014E-308")]
    [InlineData(double.MaxValue, "1.7976931348623157E+308")]
    [InlineData(double.MinValue, "-1.7976931348623157E+308")]
    [InlineData(9007199254740991, "9007199254740991.0")]
    [InlineData(9007199254740993, "9007199254740992.0")]
    [InlineData(12345678901234567, "12345678901234568.0")]
    [InlineData(99999999999999984, "99999999999999980.0")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1e16, "10000000000000000.0")]
    [InlineData(1e17, "1E+17")]
    [InlineData(1e22, "1E+22")]
    [InlineData(1e23, "1E+23")]
    [InlineData(5.684341886080802E-14, "5.684341886080802E-14")]
    [InlineData(TooShort, "2.9802322387695312E-08")]
    [InlineData(-TooShortToo, "-4.1045368012983762E-289")]
    [InlineData(0.3, "0.3")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(-1.0 / 3, "-0.3333333333333333")]
    [InlineData(123.25, "123.25")]
    [InlineData(12345678.5, "12345678.5")]
    [InlineData(123456789.25, "123456789.25")]
    [InlineData(1234567890123456.5, "1234567890123456.5")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00012345678901234567, "0.00012345678901234567")]
    [InlineData(0.00001, "1E-05")]
    [InlineData(1.5e100, "1.5E+100")]
    public void Value_IsWrittenSo(double value, string expected)
    {
        Assert.Equal(expected, Write(value));
        Check(value);
    }

    /// <summary>Where the distance to the neighbours changes; the least value, the largest without and the least with all digits, and the largest of all are among them.</summary>
    [Fact]
    public void PowersOfTwo_AreWrittenAsByTheBaseLibrary()
    {
        for (var exponent = 0L; exponent <= 2047; exponent++)
        {
            CheckNear(BitConverter.Int64BitsToDouble(exponent << 52));
        }

        for (var bit = 0; bit < 52; bit++)
        {
            CheckNear(BitConverter.Int64BitsToDouble(1L << bit));
        }

        for (var value = 1.0; value < 1e30; value *= 2)
        {
            CheckNear(value + 0.5);
            CheckNear(value + (value / 2));
        }
    }

    [Fact]
    public void PowersOfTen_AreWrittenAsByTheBaseLibrary()
    {
        for (var power = -324; power <= 308; power++)
        {
            for (var digit = 1; digit < 10; digit++)
            {
                CheckNear(double.Parse($"{digit}E{power}", CultureInfo.InvariantCulture));
                CheckNear(double.Parse($"{digit}.5E{power}", CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>Numbers of each length around where all whole ones still have a value of their own, and decimals in the middle between two values.</summary>
    [Fact]
    public void WholeNumbersAndHalves_AreWrittenAsByTheBaseLibrary()
    {
        var random = new Random(19);
        for (var i = 0; i < 50_000; i++)
        {
            Check(random.NextInt64(1, 100_000_000_000_000_000));
            Check(random.NextInt64(100_000_000_000_000, 100_000_000_000_000_000));
            Check((1L << 53) + random.NextInt64(-100_000, 100_000));
            Check(random.NextInt64(1, 1L << 52) + 0.5);
            Check((random.NextInt64(1, 1L << 32) + 0.5) * Math.Pow(2, random.Next(-60, 60)));
        }
    }

    [Fact]
    public void Decimals_AreWrittenAsByTheBaseLibrary()
    {
        var random = new Random(20);
        for (var i = 0; i < 100_000; i++)
        {
            CheckDecimal(random);
        }
    }

    [Fact]
    public void AnyValue_IsWrittenAsByTheBaseLibrary()
    {
        var random = new Random(21);
        for (var i = 0; i < 300_000; i++)
        {
            CheckAny(random);
        }
    }

    /// <summary>Half a billion, which takes minutes: for changes of the method.</summary>
    [Fact]
    public void ManyValues_AreWrittenAsByTheBaseLibrary()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("INFERENCE_SERVER_STRESS") == "1", "takes long: INFERENCE_SERVER_STRESS=1 runs it");
        Parallel.For(0, 1 << 11, static seed =>
        {
            var random = new Random(seed);
            for (var i = 0; i < Piece; i++)
            {
                CheckAny(random);
                CheckAny(random);
                Check(random.NextDouble());
                CheckDecimal(random);
            }
        });
    }

    private static void CheckAny(Random random) => Check(BitConverter.UInt64BitsToDouble((ulong)random.NextInt64(long.MinValue, long.MaxValue)));

    private static void CheckDecimal(Random random) => Check(random.NextInt64((long)Math.Pow(10, random.Next(1, 18))) / Math.Pow(10, random.Next(0, 23)));

    private static void CheckNear(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        for (var near = -Near; near <= Near; near++)
        {
            Check(BitConverter.Int64BitsToDouble(bits + near));
        }
    }

    /// <summary>The text reads back as the same value, and is the base library's with a fraction.</summary>
    private static void Check(double value)
    {
        if (!double.IsFinite(value) || value == 0)
        {
            return;
        }

        Span<byte> own = stackalloc byte[ShortestDouble.Room];
        Span<byte> expected = stackalloc byte[32];
        var written = own[..ShortestDouble.Format(value, own)];
        Assert.True(value.TryFormat(expected, out var length, default, CultureInfo.InvariantCulture));
        if (expected[..length].IndexOfAny((byte)'.', (byte)'E') < 0)
        {
            ".0"u8.CopyTo(expected[length..]);
            length += 2;
        }

        var isAsExpected = written.SequenceEqual(expected[..length]) || Math.Abs(value) is TooShort or TooShortToo;
        if (!isAsExpected || double.Parse(written, CultureInfo.InvariantCulture) != value)
        {
            Assert.Fail($"{BitConverter.DoubleToUInt64Bits(value):X16}: {Encoding.UTF8.GetString(written)}, expected {Encoding.UTF8.GetString(expected[..length])}");
        }
    }

    private static string Write(double value)
    {
        Span<byte> room = stackalloc byte[ShortestDouble.Room];
        return Encoding.UTF8.GetString(room[..ShortestDouble.Format(value, room)]);
    }
}
