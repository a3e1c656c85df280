using System.Numerics;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Makes a narrower type of a binary64 that stands for a decimal number, as if the decimal number had been rounded to it at once.</summary>
internal static class SingleRounding
{
    // So many bits of a binary64 have no place in the narrow type.
    private const int BitsBelowSingle = 29;
    private const int BitsBelowHalf = 42;

    // How far a value that is not the nearest may be off.
    private const long Doubt = 2;

    /// <summary>
    /// A second rounding goes wrong only where the first one ended half way between two values of the narrow type, or so close to it that the decimal number may be on the other side; those, and what is no ordinary number there, are
    /// left to the general reader.
    /// </summary>
    public static bool TryNarrow<T>(double wide, bool isNearest, out T value)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        value = T.CreateTruncating(wide);
        if (typeof(T) == typeof(double))
        {
            return isNearest;
        }

        var bits = typeof(T) == typeof(float) ? BitsBelowSingle : BitsBelowHalf;
        var below = BitConverter.DoubleToInt64Bits(wide) & ((1L << bits) - 1);
        return Math.Abs(below - (1L << (bits - 1))) > (isNearest ? 0 : Doubt) && (wide == 0 || T.IsNormal(value));
    }
}
