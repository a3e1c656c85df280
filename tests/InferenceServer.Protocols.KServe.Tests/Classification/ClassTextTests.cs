using System.Text;
using InferenceServer.Protocols.KServe.Classification;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Classification;

public sealed class ClassTextTests
{
    // What printf("%f") of glibc gives.
    [Theory]
    [InlineData(0.1, "0.100000")]
    [InlineData(-2.5, "-2.500000")]
    [InlineData(0, "0.000000")]
    [InlineData(-0.0, "-0.000000")]
    [InlineData(-1e-9, "-0.000000")]
    [InlineData(0.0078125, "0.007812")]
    [InlineData(0.0234375, "0.023438")]
    [InlineData(-0.0078125, "-0.007812")]
    [InlineData(5.0390625, "5.039062")]
    [InlineData(1e22, "10000000000000000000000.000000")]
    [InlineData(123456789.123456789, "123456789.123457")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    [InlineData(double.NaN, "nan")]
    public void WriteHead_RealNumber_IsAsInC(double value, string expected) => Assert.Equal($"{expected}:3", Write(value, 3, false));

    [Fact]
    public void WriteHead_LongestRealNumber_FitsInTheRoomThatIsPromised() => Assert.Equal(317, Write(double.MinValue, 0, false).IndexOf(':', StringComparison.Ordinal));

    [Fact]
    public void WriteHead_SinglePrecision_ShowsTheValueThatItHas() => Assert.Equal("12345679.000000:0:", Write(12345678.9f, 0, true));

    [Fact]
    public void WriteHead_Integers_ArePlain()
    {
        Assert.Equal("18446744073709551615:999999", Write(ulong.MaxValue, 999_999, false));
        Assert.Equal("-128:1:", Write(sbyte.MinValue, 1, true));
    }

    private static string Write<T>(T value, int index, bool hasLabel)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        var text = new byte[ClassText.MaxHeadLength];
        return Encoding.ASCII.GetString(text, 0, ClassText.WriteHead(text, value, index, hasLabel));
    }
}
