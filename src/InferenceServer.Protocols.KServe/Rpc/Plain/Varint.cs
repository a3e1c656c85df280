namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>Whole numbers as Protocol Buffers write them: seven bits a byte, the lowest first, as few bytes as there need be.</summary>
internal static class Varint
{
    /// <summary>The most bytes that one takes.</summary>
    public const int MaxBytes = 10;

    /// <summary>How many bytes a number takes.</summary>
    public static int Measure(ulong value)
    {
        var size = 1;
        for (; value >= 0x80; value >>= 7)
        {
            size++;
        }

        return size;
    }

    /// <summary>Writes a number; returns how many bytes it took.</summary>
    public static int Write(Span<byte> room, ulong value)
    {
        var used = 0;
        for (; value >= 0x80; value >>= 7)
        {
            room[used++] = (byte)(value | 0x80);
        }

        room[used] = (byte)value;
        return used + 1;
    }
}
