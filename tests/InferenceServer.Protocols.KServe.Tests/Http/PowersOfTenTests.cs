using System.Numerics;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>The powers of ten, against whole numbers of any length.</summary>
public sealed class PowersOfTenTests
{
    private const int Bits = 128;

    [Fact]
    public void Powers_AreExactButForTheirLastBit_RoundedUp()
    {
        const int Least = -292;
        const int Most = 324;
        var powers = PowersOfTen.Make(Least, Most);

        Assert.Equal(2 * (Most - Least + 1), powers.Length);
        for (var k = Least; k <= Most; k++)
        {
            var place = 2 * (k - Least);
            Assert.Equal(Expected(k), new UInt128(powers[place], powers[place + 1]));
        }
    }

    private static UInt128 Expected(int k)
    {
        // Powers of five are powers of ten but for the place of the point.
        var five = BigInteger.Pow(5, Math.Abs(k));
        var length = (int)five.GetBitLength();
        var (dividend, divisor) = k < 0 ? (BigInteger.One << (length + Bits - 1), five) : (five << Bits, BigInteger.One << length);
        return (UInt128)((dividend + divisor - 1) / divisor);
    }
}
