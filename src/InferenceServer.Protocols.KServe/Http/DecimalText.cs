using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Writes decimal numbers where the base library puts point and exponent, but always with one of the two: a reader that tells integers from real numbers must see a real number. Eight digits are written at once, and as many as there
/// may be of any number: those that are too many are written over, or lie behind the end.
/// </summary>
internal static class DecimalText
{
    /// <summary>The room that it needs.</summary>
    public const int Room = 24;

    private const uint TenToEight = 100_000_000;
    private const ulong TenToSixteen = 10_000_000_000_000_000;
    private const int DigitsAtOnce = 8;
    private const int Nine = 1 + DigitsAtOnce;
    private const int Seventeen = 1 + (2 * DigitsAtOnce);

    /// <summary>Eight characters.</summary>
    private const ulong Noughts = 0x3030303030303030;

    // With more noughts than these behind the point there is an exponent.
    private const int MostNoughts = 3;

    /// <summary>Writes a number of at most nine digits, with an exponent when the point would be behind more than nine.</summary>
    /// <param name="digits">The digits; noughts at their end are left out. Not zero.</param>
    /// <param name="exponent">The power of ten that they are multiplied with.</param>
    /// <param name="room">Where to write.</param>
    /// <returns>The number of bytes.</returns>
    public static int WriteNine(uint digits, int exponent, Span<byte> room)
    {
        // Two steps that need no jump are enough for nearly all.
        var point = exponent + Nine;
        for (var i = 0; i < 2; i++)
        {
            var isShort = digits < TenToEight;
            var longer = digits * 10;
            digits = isShort ? longer : digits;
            point -= isShort ? 1 : 0;
        }

        for (; digits < TenToEight; point--)
        {
            digits *= 10;
        }

        var first = digits / TenToEight;
        var front = Spread(digits - (first * TenToEight));
        var count = Nine - (BitOperations.LeadingZeroCount(front) / 8);
        return Place((byte)('0' + first), front | Noughts, Noughts, count, point, Nine, room);
    }

    /// <summary>Writes a number of at most seventeen digits, with an exponent when the point would be behind more than seventeen.</summary>
    /// <inheritdoc cref="WriteNine"/>
    public static int WriteSeventeen(ulong digits, int exponent, Span<byte> room)
    {
        var isShort = digits < TenToSixteen;
        var longer = digits * 10;
        digits = isShort ? longer : digits;
        var point = exponent + (isShort ? Seventeen - 1 : Seventeen);
        for (; digits < TenToSixteen; point--)
        {
            digits *= 10;
        }

        var first = digits / TenToSixteen;
        var rest = digits - (first * TenToSixteen);
        var upper = rest / TenToEight;
        var front = Spread((uint)upper);
        var back = Spread((uint)(rest - (upper * TenToEight)));
        var count = back != 0 ? Seventeen - (BitOperations.LeadingZeroCount(back) / 8) : Nine - (BitOperations.LeadingZeroCount(front) / 8);
        return Place((byte)('0' + first), front | Noughts, back | Noughts, count, point, Seventeen, room);
    }

    /// <summary>Puts the point where it belongs.</summary>
    /// <param name="first">The first digit.</param>
    /// <param name="front">The next eight.</param>
    /// <param name="back">Eight more.</param>
    /// <param name="count">How many there are without the noughts at their end.</param>
    /// <param name="point">Before how many of them the point is.</param>
    /// <param name="most">Behind more of them it is not.</param>
    /// <param name="room">Where to write.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place(byte first, ulong front, ulong back, int count, int point, int most, Span<byte> room)
    {
        room = room[..Room];
        if (point > most || point < -MostNoughts)
        {
            room[0] = first;
            room[1] = (byte)'.';
            BinaryPrimitives.WriteUInt64LittleEndian(room[2..], front);
            BinaryPrimitives.WriteUInt64LittleEndian(room[10..], back);
            return WriteExponent(point - 1, count > 1 ? count + 1 : 1, room);
        }

        if (point <= 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(room, Noughts);
            room[1] = (byte)'.';
            room[2 - point] = first;
            BinaryPrimitives.WriteUInt64LittleEndian(room[(3 - point)..], front);
            BinaryPrimitives.WriteUInt64LittleEndian(room[(11 - point)..], back);
            return 2 - point + count;
        }

        room[0] = first;
        BinaryPrimitives.WriteUInt64LittleEndian(room[2..], front);
        BinaryPrimitives.WriteUInt64LittleEndian(room[10..], back);
        if (point <= DigitsAtOnce)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(room[1..], WithPoint(front, point - 1));
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(room[1..], front);
            BinaryPrimitives.WriteUInt64LittleEndian(room[9..], point < Seventeen ? WithPoint(back, point - Nine) : back);
            room[point] = (byte)'.';
        }

        if (point < count)
        {
            return count + 1;
        }

        // Nothing is behind the point.
        room[point + 1] = (byte)'0';
        return point + 2;
    }

    /// <summary>Puts a point in front of one of eight digits; those behind move on, the last of them out of sight.</summary>
    private static ulong WithPoint(ulong digits, int place)
    {
        var before = (1UL << (8 * place)) - 1;
        return (digits & before) | ((ulong)'.' << (8 * place)) | ((digits & ~before) << 8);
    }

    private static int WriteExponent(int exponent, int length, Span<byte> room)
    {
        room[length++] = (byte)'E';
        room[length++] = exponent < 0 ? (byte)'-' : (byte)'+';
        var rest = (uint)Math.Abs(exponent);
        if (rest >= 100)
        {
            room[length++] = (byte)('0' + (rest / 100));
            rest %= 100;
        }

        room[length++] = (byte)('0' + (rest / 10));
        room[length++] = (byte)('0' + (rest % 10));
        return length;
    }

    /// <summary>Eight digits, each in a byte, the first in the lowest. Each step parts neighbours: four, two and then one digit wide. A product and a shift divide numbers as small as these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Spread(uint digits)
    {
        var high = digits / 10_000;
        var fours = high | ((ulong)(digits - (high * 10_000)) << 32);
        var hundreds = ((fours * 10_486) >> 20) & 0x0000007F_0000007F;
        var twos = hundreds | ((fours - (hundreds * 100)) << 16);
        var tens = ((twos * 103) >> 10) & 0x000F000F_000F000F;
        return tens | ((twos - (tens * 10)) << 8);
    }
}
