using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace InferenceServer.FuzzTests.Engine;

/// <summary>Changes inputs: bits, blocks, numbers, lengths, nesting, broken UTF-8, the target's words, and halves of other inputs.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<string> words)
{
    public const int MaxLength = 1 << 16;

    private static readonly string[] s_numbers =
        ["0", "-0", "-1", "1", "127", "128", "255", "256", "-129", "65536", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808",
         "18446744073709551616", "1e308", "1e309", "-1e-400", "0.1", "1.", ".5", "01", "1e", "99999999999999999999999999999999999999999", "NaN", "-Infinity", "0x10"];

    private static readonly byte[][] s_brokenText =
        [[0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xFF], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0], [0x1F]];

    private static readonly string[] s_brackets = ["[", "{\"a\":", "]", "}", "[[", "{", "(", "\"", "\\"];

    /// <summary>A changed copy, which may have taken something of the other input.</summary>
    public byte[] Mutate(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        for (var changes = 1 << random.Next(5); changes > 0; changes--)
        {
            Change(bytes, other);
        }

        return bytes.Count <= MaxLength ? [.. bytes] : [.. bytes.Take(MaxLength)];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        var place = random.Next(bytes.Count + 1);
        switch (random.Next(14))
        {
            case 0 when place < bytes.Count:
                bytes[place] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when place < bytes.Count:
                bytes[place] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(place, Math.Min(bytes.Count - place, 1 + random.Next(16)));
                break;
            case 3:
                bytes.RemoveRange(place, bytes.Count - place);
                break;
            case 4:
                Insert(bytes, place, Block(bytes));
                break;
            case 5:
                Insert(bytes, place, Block(other));
                break;
            case 6:
                bytes.RemoveRange(place, bytes.Count - place);
                bytes.AddRange(other.AsSpan(Math.Min(place, other.Length)));
                break;
            case 7 or 8 when words.Count > 0:
                Insert(bytes, place, Encoding.UTF8.GetBytes(words[random.Next(words.Count)]));
                break;
            case 9:
                ReplaceNumber(bytes, place);
                break;
            case 10:
                Insert(bytes, place, s_brokenText[random.Next(s_brokenText.Length)]);
                break;
            case 11:
                SetLength(bytes, place);
                break;
            case 12 when random.Next(8) == 0:
                Insert(bytes, place, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(s_brackets[random.Next(s_brackets.Length)], 1 << random.Next(12)))));
                break;
            default:
                Insert(bytes, place, [(byte)random.Next(256)]);
                break;
        }
    }

    private byte[] Block(IReadOnlyList<byte> from)
    {
        var start = random.Next(from.Count + 1);
        return [.. from.Skip(start).Take(1 + random.Next(64))];
    }

    private static void Insert(List<byte> bytes, int place, byte[] what)
    {
        if (bytes.Count + what.Length <= MaxLength)
        {
            bytes.InsertRange(place, what);
        }
    }

    /// <summary>Puts another number in place of the next one.</summary>
    private void ReplaceNumber(List<byte> bytes, int place)
    {
        while (place < bytes.Count && !char.IsAsciiDigit((char)bytes[place]))
        {
            place++;
        }

        var end = place;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end]))
        {
            end++;
        }

        var text = random.Next(3) == 0 ? random.Next(2000).ToString(CultureInfo.InvariantCulture) : s_numbers[random.Next(s_numbers.Length)];
        bytes.RemoveRange(place, end - place);
        Insert(bytes, place, Encoding.ASCII.GetBytes(text));
    }

    /// <summary>Writes over four bytes what may be a length.</summary>
    private void SetLength(List<byte> bytes, int place)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, random.Next(5) switch { 0 => 0, 1 => uint.MaxValue, 2 => int.MaxValue, 3 => (uint)bytes.Count, _ => (uint)random.Next(300) });
        for (var i = 0; i < length.Length && place + i < bytes.Count; i++)
        {
            bytes[place + i] = length[i];
        }
    }
}
