using System.Buffers.Binary;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.FuzzTests.Engine;
using InferenceServer.Protocols.KServe.Payloads;
using InferenceServer.Protocols.KServe.Tests.Http;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>
/// A file of NumPy, or the literal of its header, a line feed and its data, since few changes of a whole file leave the header's length right. What is read
/// has as many elements as its shape says, each found again at its place in the file; as the body of a request the same comes of it in one piece and in many.
/// </summary>
internal sealed class NpyTarget : IFuzzTarget
{
    private const string ContentType = "application/x-npy";

    public string Name => "npy";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        File("{'descr': '<u2', 'fortran_order': False, 'shape': (2, 2), }", [1, 0, 2, 0, 3, 0, 255, 255]),
        File("{'descr': '>u2', 'fortran_order': True, 'shape': (3, 2), }", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]),
        File("{\"shape\":(1L,2L),\"fortran_order\":False,\"descr\":\"<u2\"}\n", [1, 0, 2, 0], 2),
        File("{'descr': '|S3', 'fortran_order': True, 'shape': (2, 1, 2)}", [.. "ab\0c\0\0\0\0\0abc"u8], 3),
        File("{'descr': '<U2', 'fortran_order': False, 'shape': (2,)}", [65, 0, 0, 0, 0, 0xF6, 1, 0, 233, 0, 0, 0, 0, 0, 0, 0]),
        File("{'descr': '>U1', 'fortran_order': False, 'shape': ()}", [0, 0, 0, 65]),
        File("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 7)}", []),
        File("{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2, 1, 1, 1, 1, 1, 1)}", [0, 1]),
        File("{'descr': '<V2', 'fortran_order': False, 'shape': (1,)}", [128, 63]),
        File("{'descr': '|S0', 'fortran_order': False, 'shape': (4096,)}", []),
        [.. "{'descr': '>i4', 'fortran_order': True, 'shape': (2, 1)}\n12345678"u8],
        [.. "{'descr': '<u2', 'fortran_order': False, 'shape': (1, 2)}\nabcd"u8],
        [.. "{'descr': '|S2', 'fortran_order': True, 'shape': (2, 2, 1)}\na\0bbccdd"u8],
        [.. "{'descr': '<U1', 'fortran_order': True, 'shape': (1, 2)}\na\0\0\0b\0\0\0"u8],
        File("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", [.. "cos\nsystem\n"u8]),
        File("{'descr': [('a', '<f4'), ('b', '<i8')], 'fortran_order': False, 'shape': (1,)}", new byte[12]),
    ];

    public IReadOnlyList<string> Words { get; } =
        ["'descr'", "'fortran_order'", "'shape'", "True", "False", "(", ")", ",", ":", "'", "\"", "{", "}", "'<u2'", "'>f8'", "'|S1'", "'<U1'", "'|S0'", "'=i4'", "|", "<", ">", "L", "9223372036854775807", "0, ", "(1, 2)", " ", "\n", "\\"];

    public string Run(byte[] input)
    {
        var end = Array.IndexOf(input, (byte)'\n');
        if (input is [(byte)'{', ..] && end > 0)
        {
            input = File(Encoding.Latin1.GetString(input, 0, end), input[(end + 1)..], (byte)(1 + (end % 3)));
        }

        var whole = BodyReader.Read(input, FuzzModels.One, null, isLengthKnown: true, isCompressed: false, piece: int.MaxValue, ContentType);
        var pieces = BodyReader.Read(input, FuzzModels.One, null, isLengthKnown: false, isCompressed: false, piece: 1 + (input.Length % 89), ContentType);
        Check.That(whole == pieces || input.Length > BodyReader.MaxInputSize, $"as one piece: {whole}; in pieces: {pieces}");
        var allocator = new CountingAllocator();
        try
        {
            return $"{ReadAlone(input, allocator)} {BodyReader.Form(whole)}";
        }
        finally
        {
            Check.That(allocator.Rented == 0, $"{allocator.Rented} buffers are still rented");
            Check.That(allocator.Largest <= BodyReader.MaxInputSize, $"{allocator.Largest} bytes were rented");
        }
    }

    private static string ReadAlone(byte[] input, CountingAllocator allocator)
    {
        var error = NpyReader.Read(input, allocator, BodyReader.MaxInputSize, out var array);
        Check.That(error is null == array is not null, "there is an array and an error, or neither");
        if (array is not { } read)
        {
            return Check.IsClean(error!);
        }

        using (read.Data)
        {
            Check.That(NpyHeaderReader.Read(input, out var header) is null, "the header of what is read is refused");
            Check.That(NpyType.TryParse(header.Descr, out var type), "the type of what is read is refused");
            Check.That(read.Shape.TryGetElementCount(out var elements), $"the elements of {read.Shape} cannot be counted");
            CheckElements(input.AsSpan(header.Length), header, type, read, elements);
            return $"read {read.DataType} {read.Shape.Rank} {header.IsFortran} {type.IsBigEndian}";
        }
    }

    /// <summary>The place of each element follows from its indices, which are worked out here from its number.</summary>
    private static void CheckElements(ReadOnlySpan<byte> data, in NpyHeader header, in NpyType type, in NpyArray read, long elements)
    {
        ReadOnlySpan<byte> rest = read.Data.Span;
        for (var number = 0L; number < elements; number++)
        {
            var stored = data.Slice((int)(Place(number, header) * type.ItemSize), type.ItemSize);
            if (read.DataType != TensorDataType.Bytes)
            {
                Check.That(rest.Length >= type.ItemSize, "the elements end too early");
                var expected = stored.ToArray();
                if (type.IsBigEndian)
                {
                    Array.Reverse(expected);
                }

                Check.That(rest[..type.ItemSize].SequenceEqual(expected), $"element {number} is not the stored one");
                rest = rest[type.ItemSize..];
                continue;
            }

            Check.That(BytesTensor.TryReadNext(ref rest, out var element), "the elements end too early");
            Check.That(element.SequenceEqual(Text(stored, type)), $"element {number} is not the stored one");
        }

        Check.That(rest.IsEmpty, "there are more elements than the shape says");
    }

    private static long Place(long number, in NpyHeader header)
    {
        if (!header.IsFortran)
        {
            return number;
        }

        var indices = new long[header.Shape.Rank];
        for (var i = indices.Length - 1; i >= 0; i--)
        {
            (number, indices[i]) = Math.DivRem(number, header.Shape[i]);
        }

        var place = 0L;
        for (var i = indices.Length - 1; i >= 0; i--)
        {
            place = (place * header.Shape[i]) + indices[i];
        }

        return place;
    }

    private static byte[] Text(ReadOnlySpan<byte> stored, in NpyType type)
    {
        if (type.Kind == NpyElementKind.ByteStrings)
        {
            return stored.TrimEnd((byte)0).ToArray();
        }

        var text = new StringBuilder();
        for (var i = 0; i < stored.Length; i += sizeof(uint))
        {
            var code = type.IsBigEndian ? BinaryPrimitives.ReadInt32BigEndian(stored[i..]) : BinaryPrimitives.ReadInt32LittleEndian(stored[i..]);
            text.Append(char.ConvertFromUtf32(code));
        }

        return Encoding.UTF8.GetBytes(text.ToString().TrimEnd('\0'));
    }

    private static byte[] File(string header, byte[] data, byte major = 1)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(length, header.Length);
        return [0x93, .. "NUMPY"u8, major, 0, .. length[..(major == 1 ? sizeof(ushort) : sizeof(uint))], .. Encoding.Latin1.GetBytes(header), .. data];
    }
}
