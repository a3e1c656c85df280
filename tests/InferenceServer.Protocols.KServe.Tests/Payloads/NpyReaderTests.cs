using System.Text;
using CsCheck;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Payloads;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Payloads;

public sealed class NpyReaderTests
{
    private const int Limit = 1 << 16;

    private static readonly Gen<TensorShape> s_shapes = Gen.Long[0, 5].Array[0, 8]
        .Where(static dimensions => dimensions.Aggregate(1L, static (product, dimension) => product * dimension) <= 500)
        .Select(static dimensions => new TensorShape(dimensions));

    private static readonly Gen<TensorDataType> s_fixedTypes = Gen.Int[0, TensorDataTypes.All.Length - 1].Select(static place => TensorDataTypes.All[place]).Where(static type => type != TensorDataType.Bytes);

    [Fact]
    public void AnyTensorOfFixedSize_WrittenAndRead_IsTheSameBitForBit() =>
        Gen.Select(s_fixedTypes, s_shapes, Gen.Byte.Array[4000]).Sample(static (type, shape, noise) =>
        {
            shape.TryGetByteCount(type, out var length);
            var data = noise[..(int)length];
            var allocator = new CountingAllocator();
            var file = Write(allocator, type, shape, data);
            Assert.True(IsSame(allocator, file, type, shape, data));
            Assert.Equal(0, allocator.Rented);
        }, iter: 3000);

    [Fact]
    public void AnyStrings_WrittenAndRead_AreTheSame() =>
        Gen.Select(s_shapes, Gen.Byte.Array[0, 9].Where(static element => element is not [.., 0]).Array[500]).Sample(static (shape, elements) =>
        {
            shape.TryGetElementCount(out var count);
            byte[] data = [.. elements.Take((int)count).SelectMany(static element => (byte[])[.. BitConverter.GetBytes(element.Length), .. element])];
            var allocator = new CountingAllocator();
            var file = Write(allocator, TensorDataType.Bytes, shape, data);
            Assert.True(IsSame(allocator, file, TensorDataType.Bytes, shape, data));
            Assert.Equal(0, allocator.Rented);
        }, iter: 1000);

    [Fact]
    public void AnyOrderOfElementsAndBytes_IsRead() =>
        Gen.Select(s_fixedTypes, s_shapes, Gen.Byte.Array[4000], Gen.Bool, Gen.Bool, Gen.Int[1, 3]).Sample(static (type, shape, noise, isFortran, isBig, major) =>
        {
            shape.TryGetByteCount(type, out var length);
            var size = type.ElementSize();
            var data = noise[..(int)length];
            var stored = new byte[length];
            var places = isFortran ? FortranPlaces(shape) : null;
            for (var i = 0; i < length / size; i++)
            {
                var element = data[(i * size)..((i + 1) * size)];
                if (isBig)
                {
                    Array.Reverse(element);
                }

                element.CopyTo(stored, (places?[i] ?? i) * size);
            }

            var descr = isBig ? '>' + NpyFile.Descr(type)[1..] : NpyFile.Descr(type);
            var allocator = new CountingAllocator();
            Assert.True(IsSame(allocator, NpyFile.Of(descr, isFortran, NpyFile.Tuple(shape), stored, (byte)major), type, shape, data));
            Assert.Equal(0, allocator.Rented);
        }, iter: 3000);

    [Theory]
    [InlineData("|S3", false, "a\0\0bcd\0\0\0e\0\0", "1:a 3:bcd 0: 1:e")]
    [InlineData("|S3", true, "a\0\0bcd\0\0\0e\0\0", "1:a 0: 3:bcd 1:e")]
    [InlineData("<U1", false, "a\0\0\0\u00e9\0\0\0\0\0\0\0\u0001\u00f6\u0001\0", "1:a 2:\u00e9 0: 4:\U0001F601")]
    [InlineData(">U1", false, "\0\0\0a\0\0\0\u00e9\0\0\0\0\0\u0001\u00f6\u0001", "1:a 2:\u00e9 0: 4:\U0001F601")]
    public void Strings_AreReadWithoutWhatFillsThemUp(string descr, bool isFortran, string stored, string expected)
    {
        var allocator = new CountingAllocator();
        var error = NpyReader.Read(NpyFile.Of(descr, isFortran, "(2, 2)", Encoding.Latin1.GetBytes(stored)), allocator, Limit, out var array);
        Assert.Null(error);
        using var data = array!.Value.Data;
        var text = new List<string>();
        for (ReadOnlySpan<byte> rest = data.Span; BytesTensor.TryReadNext(ref rest, out var element);)
        {
            text.Add($"{element.Length}:{Encoding.UTF8.GetString(element)}");
        }

        Assert.Equal(expected, string.Join(' ', text));
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")]
    [InlineData("{\"shape\":(2L,),\"descr\":\"<f4\",\"fortran_order\":False}")]
    [InlineData("\n{ 'shape' : ( 2 , ) , 'fortran_order' : True , 'descr' : '=f4' } \n")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}")]
    public void Header_InAnyOrderAndSpacing_IsRead(string literal)
    {
        var allocator = new CountingAllocator();
        Assert.True(IsSame(allocator, NpyFile.Of(literal, new byte[8]), TensorDataType.Fp32, new TensorShape(2), new byte[8]));
    }

    [Theory]
    [InlineData("", "'{'")]
    [InlineData("{", "a key")]
    [InlineData("{}", "'descr'")]
    [InlineData("{'descr': '<f4'}", "'fortran_order'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "'shape'")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "once")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", "'more'")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "True or False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", "tuple")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "size")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "size")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)}", "','")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}", "8 dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,9223372036854775807)}", "shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "8 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", "nothing after")]
    [InlineData("{'descr': '<f4', 'fortran_order': False 'shape': (2,)}", "','")]
    [InlineData("{'descr': '<\\x664', 'fortran_order': False, 'shape': (2,)}", "a type in quotes")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "several fields")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "'|O'")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "'<c8'")]
    [InlineData("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "'<f16'")]
    [InlineData("{'descr': '|S-1', 'fortran_order': False, 'shape': (1,)}", "'|S-1'")]
    [InlineData("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,)}", "'<M8[ns]'")]
    [InlineData("{'descr': '<U2147483647', 'fortran_order': False, 'shape': (1,)}", "'<U2147483647'")]
    [InlineData("{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000000,)}", "at least one byte")]
    [InlineData("{'descr': '<U0', 'fortran_order': False, 'shape': (1,)}", "at least one byte")]
    [InlineData("{'descr': '<U1', 'fortran_order': False, 'shape': (2,)}", "code points")]
    public void Header_ThatIsWrong_IsToldWhatWasExpected(string literal, string word)
    {
        var data = literal.Contains("<U1'", StringComparison.Ordinal) ? [0, 0xD8, 0, 0, 0, 0, 0, 0] : literal.Contains("S0", StringComparison.Ordinal) || literal.Contains("U0", StringComparison.Ordinal) ? [] : new byte[8];
        var allocator = new CountingAllocator();
        var error = NpyReader.Read(NpyFile.Of(literal, data), allocator, Limit, out var array);
        Assert.Null(array);
        Assert.Equal(ErrorCode.InvalidArgument, error?.Code);
        Assert.Contains(word, error!.Message, StringComparison.Ordinal);
        Assert.Equal(0, allocator.Rented);
    }

    [Fact]
    public void LongKey_IsNotRepeatedWhole()
    {
        var error = NpyReader.Read(NpyFile.Of($"{{'{new string('k', 7000)}': 1}}", []), new CountingAllocator(), Limit, out _);
        Assert.Contains("'kkk", error!.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1, 300);
    }

    [Fact]
    public void Frame_ThatIsWrong_IsRefused()
    {
        var good = NpyFile.Of("|u1", false, "(1,)", [5]);
        byte[][] bad =
        [
            [], good[..5], good[..6], good[..8], good[..9], good[..30], good[..^1], [.. good, 0], [0x92, .. good[1..]],
            [.. good[..6], 0, .. good[7..]], [.. good[..6], 4, .. good[7..]], [.. good[..7], 1, .. good[8..]],
            [.. good[..6], 2, 0, 0xFF, 0xFF, 0xFF, 0xFF, .. good[10..]], NpyFile.Of(new string(' ', 70_000), [5], major: 2),
        ];
        Assert.All(bad, static file =>
        {
            Assert.NotNull(NpyReader.Read(file, new CountingAllocator(), Limit, out var array));
            Assert.Null(array);
        });
    }

    [Fact]
    public void Array_OverTheLimit_IsRefusedBeforeMemoryIsRented()
    {
        var allocator = new CountingAllocator();
        foreach (var (descr, size) in ((string, int)[])[("|u1", 1), ("|S1", 1), ("|S9", 9), ("<U1", 4)])
        {
            var error = NpyReader.Read(NpyFile.Of(descr, false, $"({Limit + 1},)", Enumerable.Repeat((byte)0, (Limit + 1) * size).ToArray()), allocator, Limit, out _);
            Assert.Contains("--http-max-input-size", error!.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, allocator.Largest);
    }

    [Fact]
    public void MutatedFiles_AreReadOrRefusedAndNothingElse()
    {
        byte[][] seeds =
        [
            NpyFile.Of("<f4", false, "(2, 3)", new byte[24]), NpyFile.Of(">i2", true, "(3, 2)", new byte[12], 2), NpyFile.Of("|S4", true, "(2, 2)", "abcdefghijklmnop"u8, 3),
            NpyFile.Of("<U2", false, "(2,)", "a\0\0\0b\0\0\0c\0\0\0d\0\0\0"u8), NpyFile.Of("|S0", false, "(7,)", []),
        ];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Select(Gen.Int[0, 140], Gen.Int[0, 4], Gen.OneOf(Gen.Byte, Gen.Char["0123456789(),'{}:<>SUfiuL "].Select(static c => (byte)c)).Array[0, 6]).Array[1, 4]).Sample(
            (seed, mutations) =>
            {
                var file = seeds[seed];
                foreach (var (place, removed, added) in mutations)
                {
                    var start = Math.Min(place, file.Length);
                    file = [.. file[..start], .. added, .. file[Math.Min(start + removed, file.Length)..]];
                }

                var allocator = new CountingAllocator();
                var error = NpyReader.Read(file, allocator, Limit, out var array);
                Assert.Equal(error is null, array is not null);
                Assert.InRange(allocator.Largest, 0, Limit);
                array?.Data.Dispose();
                Assert.Equal(0, allocator.Rented);
            },
            iter: 50_000);
    }

    private static byte[] Write(CountingAllocator allocator, TensorDataType type, TensorShape shape, byte[] data)
    {
        using var buffer = allocator.Rent(data.Length);
        data.CopyTo(buffer.Span);
        var tensor = new TensorView("OUT", type, shape, buffer);
        Assert.Null(NpyAnswer.Check(tensor));
        using var text = new PooledText();
        var rest = NpyAnswer.Write(text, tensor);
        Assert.Equal(type == TensorDataType.Bytes ? 0 : data.Length, rest);
        byte[] header = text.ToArray();
        if (type != TensorDataType.Bytes)
        {
            Assert.Equal(0, header.Length % 64);
            Assert.Contains($"'{NpyFile.Descr(type)}'", Encoding.ASCII.GetString(header), StringComparison.Ordinal);
        }

        Assert.Contains($"'shape': {NpyFile.Tuple(shape)}, }}", Encoding.Latin1.GetString(header), StringComparison.Ordinal);
        return [.. header, .. data[..(int)rest]];
    }

    private static bool IsSame(CountingAllocator allocator, byte[] file, TensorDataType type, TensorShape shape, byte[] data)
    {
        var error = NpyReader.Read(file, allocator, Limit, out var array);
        Assert.Null(error);
        using var read = array!.Value.Data;
        return array.Value.DataType == type && array.Value.Shape == shape && read.Span.SequenceEqual(data);
    }

    /// <summary>Where each element, in row-major order, is stored when the first dimension changes fastest.</summary>
    private static int[] FortranPlaces(TensorShape shape)
    {
        shape.TryGetElementCount(out var count);
        var places = new int[count];
        for (var i = 0; i < count; i++)
        {
            var rest = i;
            var stride = (int)count;
            for (var d = shape.Rank - 1; d >= 0; d--)
            {
                stride /= (int)shape[d];
                places[i] += rest % (int)shape[d] * stride;
                rest /= (int)shape[d];
            }
        }

        return places;
    }
}
