using System.Numerics;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Makes a narrower type of a binary64 that stands for a decimal number, as if the decimal number had been rounded to it at once.</summary>
internal static class SingleRounding
{
    // What of a binary64 has no place in a binary32, and half of that: there a second rounding may go wrong.
    private const long Below = (1L << 29) - 1;
    private const long Half = 1L << 28;

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

        return typeof(T) == typeof(float)
            && Math.Abs((BitConverter.DoubleToInt64Bits(wide) & Below) - Half) > (isNearest ? 0 : Doubt)
            && (wide == 0 || T.IsNormal(value));
    }
}
